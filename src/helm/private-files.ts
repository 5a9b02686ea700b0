// The port to private files: whatever of ours helm has to read lies in a folder that nobody else can enter.

export interface PrivateFiles {
  /** A new folder, mode 0700, under the runner's temp folder. */
  createFolder(): Promise<string>;
  /** Mode 0600 from the first byte; replaces what is there in one step. */
  write(path: string, text: string): Promise<void>;
  /** Removes a folder that `createFolder` made. */
  remove(folder: string): Promise<void>;
}
