// Reads raw inputs as text, flags, numbers, durations, lists; collects everything that is wrong with them.

/** A row of the table of inputs. */
export interface InputSpec {
  readonly description: string;
  readonly required?: boolean;
  readonly default?: string;
  /** Heading under which docs/inputs.md lists it. */
  readonly group: 'AWS' | 'Repository' | 'Helm' | 'Waiting' | 'Previews' | 'Drift' | 'Fleet' | 'Advanced';
}

/** Reads inputs one by one; what is wrong with them is collected in `problems`, with the accepted values. */
export class InputReader<Name extends string> {
  readonly problems: string[] = [];
  /** Whether inputs that the table calls required are. */
  demanding = true;
  readonly #raw: (name: Name) => string;
  readonly #specs: Readonly<Record<Name, InputSpec>>;

  constructor(raw: (name: Name) => string, specs: Readonly<Record<Name, InputSpec>>) {
    this.#raw = raw;
    this.#specs = specs;
  }

  text(name: Name): string | undefined {
    const spec = this.#specs[name];
    const value = this.#raw(name).trim() || spec.default;
    if (value === undefined && spec.required && this.demanding)
      this.problems.push(`\`${name}\` is required: ${spec.description}`);
    return value;
  }

  matching(name: Name, pattern: RegExp, accepted: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || pattern.test(value)) return value;
    this.problems.push(`\`${name}\` is ${quote(value)}; accepted: ${accepted}`);
    return undefined;
  }

  flag(name: Name): boolean {
    return this.matching(name, /^(true|false)$/i, '`true` or `false`')?.toLowerCase() === 'true';
  }

  whole(name: Name, from: number, to: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= from && number <= to) return number;
    this.problems.push(`\`${name}\` is ${quote(value)}; accepted: a whole number from ${from} to ${to}`);
    return undefined;
  }

  /** Seconds of a duration written as Go does: `90s`, `15m`, `1h30m`; a bare number is seconds. */
  seconds(name: Name): number {
    const value = this.text(name) ?? '';
    const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(value);
    const [hours, minutes, seconds] = [1, 2, 3].map((index) => Number(parts?.[index] ?? 0));
    const total = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
    if (parts !== null && total >= 1 && total <= 6 * 3600) return total;
    this.problems.push(
      `\`${name}\` is ${quote(value)}; accepted: a duration from \`1s\` to \`6h\`, such as \`90s\`, \`15m\`, \`1h\``,
    );
    return 0;
  }

  lines(name: Name): string[] {
    return this.#parts(name, /\r?\n/);
  }

  list(name: Name): string[] {
    return this.#parts(name, /[,\s]+/);
  }

  /** Commas alone are what is left of variables that were empty: a list that holds nothing is no list that was not given. */
  #parts(name: Name, separator: RegExp): string[] {
    const value = this.text(name);
    const parts = split(value, separator);
    if (value !== undefined && parts.length === 0)
      this.problems.push(
        `\`${name}\` is ${quote(value)}, a list that holds nothing; leave it empty or fill it`,
      );
    return parts;
  }

  each(name: Name, values: readonly string[], pattern: RegExp, accepted: string): void {
    for (const value of values) {
      if (!pattern.test(value))
        this.problems.push(`\`${name}\` holds ${quote(value)}; accepted: ${accepted}`);
    }
  }

  /** Like `parsed`, for each part of a list. */
  listed<Value>(name: Name, parse: (text: string) => Value | undefined, accepted: string): readonly Value[] {
    return this.list(name).flatMap((text) => {
      const value = parse(text);
      if (value === undefined) {
        this.problems.push(`\`${name}\` holds ${quote(text)}; accepted: ${accepted}`);
      }
      return value ?? [];
    });
  }

  /** Reads by a parser that answers `undefined` for what it cannot read. */
  parsed<Value>(name: Name, parse: (text: string) => Value | undefined, accepted: string): Value | undefined {
    const text = this.text(name);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined) {
      this.problems.push(`\`${name}\` is ${quote(text)}; accepted: ${accepted}`);
    }
    return value;
  }
}

export const quote = (value: string): string => `\`${value.slice(0, 200)}\``;

const split = (value: string | undefined, separator: RegExp): string[] =>
  (value ?? '')
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
