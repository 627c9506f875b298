/**
 * So many at a time: whoever comes later waits for one to leave.
 */
export class Semaphore {
  private _free: number;
  private _waiting: (() => void)[] = [];

  constructor(places: number) {
    this._free = places;
  }

  /** Wait for a place; the answer gives it back (once). A wait that `signal` ends holds no place. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    if (this._free > 0) {
      this._free--;
      return this._leaving();
    }
    return new Promise(resolve => {
      const go = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(this._leaving());
      };
      const giveUp = (): void => {
        this._waiting = this._waiting.filter(one => one !== go);
        resolve(() => undefined);
      };
      if (signal?.aborted) {
        return giveUp();
      }
      signal?.addEventListener('abort', giveUp, { once: true });
      this._waiting.push(go);
    });
  }

  private _leaving(): () => void {
    let left = false;
    return () => {
      if (left) {
        return;
      }
      left = true;
      const next = this._waiting.shift();
      if (next) {
        next();
      } else {
        this._free++;
      }
    };
  }
}
