/** Requests through io_uring, which pass the system calls that are watched. */
import { formatAddress, ioUringOperations } from '@honeyguide/model'
import { integerColumn, plainColumn, textColumn } from '../column-reader.ts'
import { ioUringFlagWords } from '../flag-words.ts'
import { uringCall, uringError, uringName, uringStage } from '../kernel-words.ts'
import { deviceText, longValue } from '../numbers.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

export const ioUringNormaliser: TableNormaliser<'io_uring'> = {
  table: 'io_uring',
  ring: 'd',
  kind: () => 'io_uring',
  readers(context, table) {
    const { batch } = context
    const c = table.columns
    const own = context.actor(c)
    const operation = (row: number): number => c.operation[row] ?? 0
    const hasFile = (row: number): boolean => (c.inode[row] ?? 0n) !== 0n
    const hasAddress = (row: number): boolean => (c.remoteAddress[row] ?? 0) !== 0
    const time = (row: number): string => context.wallText(c.bootNs[row] ?? 0n)
    return {
      ...context.eventColumns('d', c, () => 'io_uring'),
      ...context.processColumns('actor_process', own, (row) => c.uid[row] ?? 0),
      actor_process_container_uid: context.imageColumn(own, (image) => image.container),
      actor_process_unit: context.imageColumn(own, (image) => image.unit),
      kernel_type: () => plainColumn(() => 'io_uring'),
      kernel_system_call: () => plainColumn((row) => uringCall(operation(row))),
      kernel_name: () => plainColumn((row) => uringName(operation(row), c.opcode[row] ?? 0)),
      kernel_path: () => textColumn(batch, c.path),
      kernel_source: () => textColumn(batch, c.path2),
      kernel_subtype: () => plainColumn((row) => uringStage(operation(row))),
      kernel_request: () => integerColumn((row) => c.opcode[row] ?? 0),
      call_flags: () => plainColumn((row) => c.requestFlags[row] ?? 0),
      kernel_object_uid: () =>
        plainColumn((row) => (c.requestId[row] ? longValue(c.requestId[row]) : null)),
      file_inode: () => plainColumn((row) => (hasFile(row) ? longValue(c.inode[row]) : null)),
      file_device: () =>
        plainColumn((row) => (hasFile(row) ? deviceText(c.device[row] ?? 0) : null)),
      dst_endpoint_ip: () =>
        plainColumn((row) =>
          hasAddress(row) ? formatAddress(batch.bytes(c.remoteAddress[row] ?? 0)) : null,
        ),
      dst_endpoint_port: () =>
        integerColumn((row) => (hasAddress(row) ? (c.remotePort[row] ?? 0) : null)),
      // Of others than transfers the sensor need not say that it is one.
      count: () => plainColumn((row) => Math.max(1, Number(c.count[row] ?? 0n))),
      start_time: () => plainColumn(time),
      end_time: () => plainColumn(time),
      status_code: () =>
        integerColumn((row) =>
          operation(row) === ioUringOperations.complete
            ? uringError(c.result[row] ?? 0) || null
            : null,
        ),
      kernel_flags: () => plainColumn((row) => ioUringFlagWords(c.flags[row] ?? 0)),
    }
  },
}
