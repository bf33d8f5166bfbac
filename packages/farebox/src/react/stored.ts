// A value in local storage, shared by all tabs.

/** For `useSyncExternalStore`: `subscribe`, `read`, and `initially` on the server. */
export class Stored<T> {
  readonly #name: string;
  readonly #empty: T;
  readonly #fits: (value: unknown) => value is T;
  readonly #listeners = new Set<() => void>();
  /** The last read value, so that the same text is the same object. */
  #seen: { text: string | null; value: T };
  /** False when storage is off or full. */
  #isKept = true;

  constructor(name: string, empty: T, fits: (value: unknown) => value is T) {
    this.#name = name;
    this.#empty = empty;
    this.#fits = fits;
    this.#seen = { text: null, value: empty };
  }

  readonly read = (): T => {
    const text = this.#text();
    if (text !== this.#seen.text) this.#seen = { text, value: this.#parse(text) };
    return this.#seen.value;
  };

  /** On the server and until hydration, the value is unknown. */
  readonly initially = (): null => null;

  readonly subscribe = (listener: () => void): (() => void) => {
    const elsewhere = (event: StorageEvent) =>
      (event.key === this.#name || event.key === null) && listener();
    this.#listeners.add(listener);
    window.addEventListener("storage", elsewhere);
    return () => {
      this.#listeners.delete(listener);
      window.removeEventListener("storage", elsewhere);
    };
  };

  /** Stores `value`; its empty value is removed. */
  write(value: T): void {
    const text = value === this.#empty ? null : JSON.stringify(value);
    this.#seen = { text, value };
    try {
      if (text === null) localStorage.removeItem(this.#name);
      else localStorage.setItem(this.#name, text);
    } catch {
      // Storage is off or full: this tab keeps its value, and a reload loses it.
      this.#isKept = false;
    }
    for (const listener of this.#listeners) listener();
  }

  #text(): string | null {
    if (!this.#isKept) return this.#seen.text;
    try {
      return localStorage.getItem(this.#name);
    } catch {
      this.#isKept = false;
      return this.#seen.text;
    }
  }

  #parse(text: string | null): T {
    try {
      const value: unknown = JSON.parse(text ?? "null");
      return this.#fits(value) ? value : this.#empty;
    } catch {
      return this.#empty;
    }
  }
}
