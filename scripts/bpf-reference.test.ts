import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { commentText, readDeclarations } from './bpf-reference.ts'

const text = `/**
 * About the module.
 *
 * @module
 */
import { type A } from './a.ts';
/** What it is; not \`}\`. */
export interface Thing extends Disposable {
    /** A member } with a brace. */
    readonly one: '}' | ";" | {
        two: number;
    };
}
interface Hidden {
    a: 1;
}
/** A function. */
export declare function make<T extends {
    a: string;
}>(of: T): (x: number) => void;
export declare function make(of: number): void;
export declare class Box {
    #private;
    /** Adds; done. */
    add(value: string): void;
}
// A line; with a semicolon
export type Kind = 'a' | {
    readonly b: 1;
};
/** A table. */
export declare const table: {
    readonly x: 1;
};
export {};
`

suite('declarations', () => {
  test('are split where they end, each with the comment before it', () => {
    assert.deepEqual(
      readDeclarations(text).map(({ name, doc, isExported }) => [name, doc, isExported]),
      [
        ['', 'About the module.', false],
        ['Thing', 'What it is; not `}`.', true],
        ['Hidden', '', false],
        ['make', 'A function.', true],
        ['make', '', true],
        ['Box', '', true],
        ['Kind', '', true],
        ['table', 'A table.', true],
        ['', '', true],
      ],
    )
  })

  test('keep their text whole, but for what says that they are declared', () => {
    const [, thing, , make, , , kind] = readDeclarations(text)
    assert.match(thing?.text ?? '', /^interface Thing[^]*\n {4}\};\n\}$/)
    assert.equal(
      make?.text,
      'function make<T extends {\n    a: string;\n}>(of: T): (x: number) => void;',
    )
    assert.equal(kind?.text, "type Kind = 'a' | {\n    readonly b: 1;\n};")
  })

  test('have comments without stars, examples indented as they were', () => {
    assert.equal(
      commentText('/**\n * One\n * two.\n *\n *     code()\n * @module\n */'),
      'One\ntwo.\n\n    code()',
    )
  })
})
