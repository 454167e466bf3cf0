/**
 * Reads what types the maps of an object have, from the `.maps` section of its BTF.
 *
 * libbpf's convention: each map is a variable whose struct has members `key` and `value` that are
 * pointers to the types (`__type(key, u32)`), or sizes only (`__uint(key_size, 4)`).
 */
import { resolveType, type Btf } from './btf.ts'

/** Types of a map; undefined where the object gives none. */
export interface MapDefinition {
  readonly name: string
  readonly keyTypeId: number | undefined
  readonly valueTypeId: number | undefined
}

/** The maps of an object by name. */
export function readMapDefinitions(btf: Btf): ReadonlyMap<string, MapDefinition> {
  const definitions = new Map<string, MapDefinition>()
  for (const section of btf.types) {
    if (section.kind !== 'section' || section.name !== '.maps') continue
    for (const { typeId } of section.variables) {
      const variable = resolveType(btf, typeId).type
      if (variable.kind !== 'variable') continue
      const struct = resolveType(btf, variable.typeId).type
      if (struct.kind !== 'struct') continue
      const pointedBy = (name: string): number | undefined => {
        const member = struct.members.find((candidate) => candidate.name === name)
        if (!member) return undefined
        const type = resolveType(btf, member.typeId).type
        return type.kind === 'pointer' ? type.typeId : undefined
      }
      definitions.set(variable.name, {
        name: variable.name,
        keyTypeId: pointedBy('key'),
        valueTypeId: pointedBy('value'),
      })
    }
  }
  return definitions
}
