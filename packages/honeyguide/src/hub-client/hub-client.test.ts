import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createHubClient } from './hub-client.ts'

suite('a client of the hub', () => {
  test('tells a hub that does not answer in time from one that is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'honeyguide-client-'))
    const path = join(folder, 'api.sock')
    const server = createServer(() => undefined)
    await new Promise<void>((done) => void server.listen(path, done))
    try {
      await assert.rejects(createHubClient(path, 50).get('/api/v1/status'), {
        code: 'HG_HUB_SILENT',
      })
      await assert.rejects(createHubClient(`${path}.none`, 50).get('/api/v1/status'), {
        code: 'HG_NOT_RUNNING',
      })
    } finally {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
