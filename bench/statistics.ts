// Medians with their spread, and the table that people read.

export interface Sample {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export const sample = (values: readonly number[]): Sample => {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
};

/** Least, median, most, to the millisecond. */
export const listed = ({ median, least, most }: Sample): readonly number[] =>
  [least, median, most].map(rounded);
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** `1.23 (1.20–1.31)`. */
export const shown = ({ median, least, most }: Sample): string =>
  `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;

export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('   '),
    )
    .join('\n');
};
