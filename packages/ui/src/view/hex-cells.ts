/** Cells of a comb: hexagons in rows that are shifted by half a cell, as bees lay them. */

export interface HexCell {
  /** Centre. */
  readonly x: number
  readonly y: number
  /** For an SVG polygon. */
  readonly points: string
}

export interface HexCells {
  readonly width: number
  readonly height: number
  readonly cells: readonly HexCell[]
}

/** `count` cells, `perRow` a row; `size` is the distance from the centre to a corner, px. */
export function hexCells(count: number, perRow: number, size = 34): HexCells {
  const half = (size * Math.sqrt(3)) / 2
  const step = half * 2 + 4
  const rowStep = size * 1.5 + 4
  const rows = Math.max(1, Math.ceil(count / perRow))
  const cells: HexCell[] = []
  for (let at = 0; at < count; at++) {
    const row = Math.floor(at / perRow)
    const x = 2 + half + (at % perRow) * step + (row % 2 === 1 ? step / 2 : 0)
    const y = 2 + size + row * rowStep
    const corners = [0, 1, 2, 3, 4, 5].map((corner) => {
      const angle = (Math.PI / 3) * corner - Math.PI / 2
      return `${(x + size * Math.cos(angle)).toFixed(1)},${(y + size * Math.sin(angle)).toFixed(1)}`
    })
    cells.push({ x, y, points: corners.join(' ') })
  }
  return {
    width: Math.ceil(Math.min(count, perRow) * step + (rows > 1 ? step / 2 : 0) + 4),
    height: Math.ceil(4 + size * 2 + (rows - 1) * rowStep),
    cells,
  }
}
