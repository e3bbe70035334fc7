// What Python writes from the registry when a page is put together.
export const RULES: Record<string, any>;
export const LANDSCAPES: Record<string, any>;
export const TIMETABLES: Record<string, (n: number, h: number[]) => number>;
