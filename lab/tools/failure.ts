// Trouble that the person at the keyboard can mend: printed as one sentence, without a stack.

export class LabFailure extends Error {
  override readonly name = 'LabFailure';
}
