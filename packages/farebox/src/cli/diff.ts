// A diff of two texts for a person: the lines that go and come, with those around them.

/** The unchanged lines shown around a change. */
const AROUND = 2;

interface Line {
  mark: " " | "-" | "+";
  text: string;
}

/** The lines of both texts in order, by their longest common subsequence. */
export function lines(before: string, after: string): Line[] {
  const [old, made] = [split(before), split(after)];
  const lengths = old.map(() => new Array<number>(made.length + 1).fill(0));
  lengths.push(new Array<number>(made.length + 1).fill(0));
  const length = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = made.length - 1; j >= 0; j--)
      lengths[i]![j] =
        old[i] === made[j]
          ? length(i + 1, j + 1) + 1
          : Math.max(length(i + 1, j), length(i, j + 1));
  const found: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < made.length) {
    if (i < old.length && j < made.length && old[i] === made[j]) {
      found.push({ mark: " ", text: old[i]! });
      i++, j++;
    } else if (i < old.length && (j === made.length || length(i + 1, j) >= length(i, j + 1))) {
      found.push({ mark: "-", text: old[i++]! });
    } else {
      found.push({ mark: "+", text: made[j++]! });
    }
  }
  return found;
}

/** The diff as text: each line begins with its mark. */
export function diff(before: string, after: string): string {
  const all = lines(before, after);
  const isNear = (at: number) =>
    all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ mark }) => mark !== " ");
  const shown = all.flatMap(({ mark, text }, at) => (isNear(at) ? [`${mark} ${text}`] : ["…"]));
  return shown.filter((line, at) => line !== "…" || shown[at - 1] !== "…").join("\n");
}

const split = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
