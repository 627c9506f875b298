/**
 * The line of an arrow: through its points from left to right, level at each of them.
 */
import type { IPoint } from './layout';

/** An SVG path. */
export function pathThrough(points: readonly IPoint[]): string {
  return points
    .map((point, index) => {
      if (index === 0) {
        return `M${round(point.x)},${round(point.y)}`;
      }
      const before = points[index - 1];
      const middle = (before.x + point.x) / 2;
      return `C${round(middle)},${round(before.y)} ${round(middle)},${round(point.y)} ${round(point.x)},${round(point.y)}`;
    })
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
