// The runner's log: no text from outside is a command, and ours are what we mean.
import { describe, expect, test } from '@jest/globals';
import { annotations, endGroup, group, harmless, masks } from '../../../src/github/commands.ts';

/** How the runner reads a line of output (actions/runner ActionCommand.cs): the names of the commands it would obey. */
function commandsIn(output: string): readonly string[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const trimmed = line.replace(/^[\s\u0085]+/, '');
    const second = /^::([\w-]+)[^:]*::/.exec(trimmed)?.[1];
    const first = /##\[([\w.-]+)[^\]]*\]/.exec(line)?.[1];
    return [second, first].filter((name) => name !== undefined);
  });
}

/** And how it reads a command's data. */
const dataOf = (command: string): string =>
  (/^::[^:]*::(.*)$/s.exec(command)?.[1] ?? '')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%');

const hostile = [
  '::error::boo',
  '  ::add-mask::a',
  '\t::stop-commands::x',
  'fine\n::set-output name=a::b',
  'fine\r::set-output name=a::b',
  'fine\r\n::set-output name=a::b',
  'fine\u2028::error::b',
  'fine\u0085::error::b',
  '\u0085::error::b',
  '\u0000::error::b',
  '\u001b[0m::error::b',
  '\u000b::error::b',
  '##[error]boo',
  'in the middle ##[set-output name=a]b',
  '#\u0000#[error]boo',
  ':\u0007:error::boo',
];

describe('text from outside', () => {
  test.each(hostile.map((text) => [JSON.stringify(text), text]))('%s is no command', (_shown, text) => {
    expect(commandsIn(harmless(text))).toEqual([]);
  });

  test('what turns the direction of a text is written out, in the log and in annotations', () => {
    expect(harmless('app\u202elmay.yaml')).toBe('app\\u202elmay.yaml');
    const command = annotations()({ severity: 'error', message: 'a\u2066b' });
    expect(command).toBe('::error::a\\u2066b');
  });

  test("the port of the runner's parser does find commands", () => {
    expect(commandsIn('  ::error file=a::b\nx ##[group]y')).toEqual(['error', 'group']);
  });

  test.each([
    ['std::vector<int>', 'std::vector<int>'],
    ['2001:db8::1 answers', '2001:db8::1 answers'],
    ['::1 answers', '\\::1 answers'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['# heading', '# heading'],
    ['100% of [3]', '100% of [3]'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['%0A::error::x', '%\\0A::error::x'],
  ])('%j stays readable', (text, expected) => {
    expect(harmless(text)).toBe(expected);
  });
});

describe('commands of ours', () => {
  test("a group's title stays one line", () => {
    expect(group('a\n::error::b')).toBe('::group::a%0A\\::error::b');
    expect(commandsIn(`${group('a\n##[error]b')}\n${endGroup}`)).toEqual(['group', 'endgroup']);
  });

  test.each([
    ['one line', 'secret', ['::add-mask::secret']],
    ['each line of several', 'ab\ncd', ['::add-mask::ab%0Acd', '::add-mask::ab', '::add-mask::cd']],
    ['percent', '100%', ['::add-mask::100%25']],
    ['nothing for what would blot out the log', '', []],
    ['nor for one letter', 'ab\nc\n', ['::add-mask::ab%0Ac%0A', '::add-mask::ab']],
  ])('masks: %s', (_name, secret, expected) => {
    expect(masks(secret)).toEqual(expected);
  });

  test('an annotation carries its place, and its message whole', () => {
    const annotate = annotations();
    const command = annotate({
      severity: 'error',
      message: '50% wrong:\r\n::error::no',
      title: 'route/missing, really: yes',
      file: 'a,b:c.yaml',
      line: 12,
    });
    expect(command).toBe(
      '::error file=a%2Cb%3Ac.yaml,line=12,title=route/missing%2C really%3A yes::50%25 wrong:%0D%0A::error::no',
    );
    expect(commandsIn(command ?? '')).toEqual(['error']);
  });

  test('ten of a type, 4,096 characters each', () => {
    const annotate = annotations();
    const all = Array.from({ length: 12 }, () =>
      annotate({ severity: 'warning', message: 'x'.repeat(5_000) }),
    );
    expect(all.map((command) => command !== undefined)).toEqual([...Array(10).fill(true), false, false]);
    expect(dataOf(all[0] ?? '')).toHaveLength(4_096);
    expect(annotate({ severity: 'notice', message: 'other type' })).toBeDefined();
  });
});
