// Text from outside with nothing in it that makes it look like another text.

/**
 * Characters that turn the direction of what follows, or only mark one (Unicode TR 36, 2.5): a file's or an object's name
 * may look like another by them.
 */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Each is written out (`\u202e`), so that what is shown is what is there. */
export const visible = (text: string): string =>
  text.replace(turning, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
