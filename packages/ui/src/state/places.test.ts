import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createPlaces } from './places.ts'

suite('places', () => {
  test('lets in as many as there are places, then in order', async () => {
    const places = createPlaces(2)
    const order: string[] = []
    const first = await places.enter()
    await places.enter()
    const third = places.enter().then((leave) => {
      order.push('third')
      return leave
    })
    const fourth = places.enter().then(() => order.push('fourth'))
    await Promise.resolve()
    assert.deepEqual(order, [])
    first()
    // Leaving twice frees one place only.
    first()
    const leave = await third
    assert.deepEqual(order, ['third'])
    leave()
    await fourth
    assert.deepEqual(order, ['third', 'fourth'])
  })

  test('who gives up waiting takes no place', async () => {
    const places = createPlaces(1)
    const leave = await places.enter()
    const abort = new AbortController()
    const gaveUp = places.enter(abort.signal)
    const waits = places.enter()
    abort.abort()
    await assert.rejects(gaveUp, { name: 'AbortError' })
    leave()
    await waits
  })
})
