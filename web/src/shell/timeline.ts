/** One minute and the timeline's length, in milliseconds. */
export const minute = 60_000;
export const span = 60 * minute;

/** A time some milliseconds later. */
export function shift(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}

/** A time as a field for local date and time takes it. */
export function localInput(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * minute);
  return local.toISOString().slice(0, 16);
}
