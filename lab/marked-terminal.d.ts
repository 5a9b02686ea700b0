// The part of marked-terminal that the demo uses; the package brings no types.
declare module 'marked-terminal' {
  import type { MarkedExtension } from 'marked';
  export function markedTerminal(options?: {
    readonly width?: number;
    readonly reflowText?: boolean;
  }): MarkedExtension;
}
