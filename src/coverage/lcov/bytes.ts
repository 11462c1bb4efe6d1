/** Whether the bytes between two positions equal a latin1 text. */
export function isTextAt(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

/** The end of the digits that begin at a position. */
export function skipDigits(bytes: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && isDigit(bytes[position] as number)) position += 1;
  return position;
}

/** The number in the digits between two positions. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end; position += 1) {
    value = value * 10 + (bytes[position] as number) - 0x30;
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
