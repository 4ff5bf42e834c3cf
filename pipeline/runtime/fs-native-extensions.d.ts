/** The part that is used here; the package has no types of its own. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive lock of an open file; false where another open file has it. Closing the file gives it back. */
  export function tryLock(descriptor: number): boolean;
}
