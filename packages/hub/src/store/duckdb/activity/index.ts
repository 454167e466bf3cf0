/** Every class of events that is stored. A new one adds its file, and its line here and in `fact-tables.ts`. */
import type { ActivityView } from '@honeyguide/model'
import type { ActivityStore } from './activity-store.ts'
import { dnsStore } from './dns.ts'
import { fileStore, moduleStore } from './file.ts'
import { kernelStore } from './kernel.ts'
import { memoryStore } from './memory.ts'
import { networkStore } from './network.ts'
import { processStore } from './process.ts'

export type { ActivityStore } from './activity-store.ts'

const stores: { readonly [View in ActivityView]: ActivityStore & { readonly view: View } } = {
  process_activity: processStore,
  file_activity: fileStore,
  module_activity: moduleStore,
  network_activity: networkStore,
  dns_activity: dnsStore,
  kernel_activity: kernelStore,
  memory_activity: memoryStore,
}

export const activityStores: readonly ActivityStore[] = Object.values(stores)

export function activityStoreOf(view: ActivityView): ActivityStore {
  return stores[view]
}

/** The same for any name: undefined for a view that is not of events. */
export function activityStoreNamed(view: string): ActivityStore | undefined {
  return activityStores.find((store) => store.view === view)
}
