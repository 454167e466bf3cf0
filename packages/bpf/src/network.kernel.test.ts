import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { probeFeature } from './feature.ts'
import { buildTestProgram, skipUnless, waitUntilGone } from './kernel-test.ts'
import { inNetworkNamespace, interfaceIndex } from './network-namespace.ts'
import { RouteSocket } from './netlink.ts'
import { openObject, type BpfObject } from './object.ts'
import { attachTc, listTcFilters, removeTcFilters } from './tc.ts'
import { hasQdisc, labOfSuite } from './test/veth.ts'

const droppedPort = 7777
const steeredPort = 7778

async function load(): Promise<BpfObject> {
  return openObject(await buildTestProgram('network')).load()
}

function hits(object: BpfObject, index: number): number {
  return Number(object.map<number, bigint>('hits').get(index))
}

/** Packets are received by interrupts of their own: waits until there are that many, then a little for more. */
async function settled(object: BpfObject, index: number, expected: number): Promise<number> {
  for (let tries = 0; tries < 200 && hits(object, index) < expected; tries++) await sleep(10)
  await sleep(20)
  return hits(object, index)
}

suite('networks', { skip: skipUnless('xdp', 'tc') }, () => {
  const lab = labOfSuite()

  suite('XDP', { skip: skipUnless('xdp') }, () => {
    test('drops what it wants on an interface of another namespace, until its link goes', async () => {
      const { here, there } = lab()
      using object = await load()
      const at = { interface: here.interface, networkNamespace: here.namespace }
      using counting = attachTc(object.program('count_in'), { ...at, direction: 'ingress' })
      assert.ok(counting)
      await there.send(here.address, droppedPort, 5)
      assert.equal(await settled(object, 2, 5), 5, 'without it all pass')
      {
        using link = object.attach('drop_xdp', { xdp: at })
        assert.equal(link.info.type, 6, 'BPF_LINK_TYPE_XDP')
        await there.send(here.address, droppedPort, 7)
        assert.equal(await settled(object, 0, 7), 7)
        await there.send(here.address, droppedPort + 10, 3)
        assert.equal(hits(object, 2), 5, 'none came past it')
        assert.throws(() => object.attach('pass_xdp', { xdp: at }), {
          code: 'BPF_ATTACH_FAILED',
          errnoName: 'EBUSY',
        })
        link.update(object.program('pass_xdp'))
        await there.send(here.address, droppedPort, 4)
        assert.equal(await settled(object, 2, 9), 9, 'swapped for one that passes')
        assert.equal(hits(object, 1), 4)
        assert.equal(hits(object, 0), 7)
        link.detach()
      }
      await there.send(here.address, droppedPort, 2)
      assert.equal(await settled(object, 2, 11), 11)
      assert.equal(hits(object, 0), 7, 'detached')
    })

    test('runs behind the driver or in it, as asked', async () => {
      const { here, there } = lab()
      using object = await load()
      let sent = 0
      for (const mode of ['generic', 'native'] as const) {
        using _link = object.attach('drop_xdp', {
          xdp: { interface: here.interface, networkNamespace: here.namespace, mode },
        })
        await there.send(here.address, droppedPort, 3)
        assert.equal(await settled(object, 0, (sent += 3)), sent, mode)
      }
      assert.throws(
        () =>
          object.attach('drop_xdp', {
            xdp: { interface: here.interface, networkNamespace: here.namespace, mode: 'offload' },
          }),
        { code: 'BPF_ATTACH_FAILED' },
        'no network card could take it',
      )
    })

    test('a wrong interface or namespace is named', async () => {
      using object = await load()
      assert.throws(() => object.attach('drop_xdp'), {
        code: 'BPF_ARGUMENT',
        message: /option xdp/,
      })
      assert.throws(() => object.attach('drop_xdp', { xdp: { interface: 'no-such0' } }), {
        code: 'BPF_NOT_FOUND',
        message: /no-such0/,
      })
      assert.throws(() => object.attach('drop_xdp', { xdp: { interface: -1 } }), {
        code: 'BPF_ARGUMENT',
      })
      const at = { interface: 'lo', networkNamespace: '/nonexistent' }
      assert.throws(() => object.attach('drop_xdp', { xdp: at }), { code: 'BPF_NOT_FOUND' })
      assert.throws(
        () => object.attach('drop_xdp', { xdp: { ...at, networkNamespace: '/proc/self/ns/uts' } }),
        { code: 'BPF_ARGUMENT' },
      )
    })
  })

  suite('network namespaces', { skip: skipUnless('xdp') }, () => {
    test('are entered for one call and left again, also when it throws', async () => {
      const { here } = lab()
      assert.throws(() => interfaceIndex(here.interface), { code: 'BPF_NOT_FOUND' })
      assert.ok(inNetworkNamespace(here.namespace, () => interfaceIndex(here.interface)) > 0)
      assert.throws(() => interfaceIndex(here.interface), { code: 'BPF_NOT_FOUND' })
      assert.throws(
        () =>
          inNetworkNamespace(here.namespace, () => {
            throw new RangeError('inside')
          }),
        RangeError,
      )
      assert.throws(() => interfaceIndex(here.interface), { code: 'BPF_NOT_FOUND' })
    })
  })

  suite('traffic control', { skip: skipUnless('tc') }, () => {
    const ways = ['tcx', 'classic'] as const
    for (const how of ways) {
      const skip = how === 'tcx' ? skipUnless('tcx') : false
      test(`by ${how} counts both directions and drops, until it goes`, { skip }, async () => {
        const { here, there } = lab()
        using object = await load()
        const at = { interface: here.interface, networkNamespace: here.namespace, how }
        {
          using into = attachTc(object.program('count_in'), { ...at, direction: 'ingress' })
          using out = attachTc(object.program('count_out'), { ...at, direction: 'egress' })
          assert.deepEqual([into.how, out.how], [how, how])
          await there.send(here.address, droppedPort, 6)
          await here.send(there.address, droppedPort, 4)
          assert.equal(await settled(object, 2, 6), 6)
          assert.equal(await settled(object, 3, 4), 4)
          using _drop = attachTc(object.program('drop_tc'), { ...at, direction: 'egress' })
          await here.send(there.address, droppedPort, 2).catch(() => undefined)
          assert.equal(await settled(object, 4, 2), 2)
          assert.equal(hits(object, 3), 6, 'those before it have seen them')
        }
        await there.send(here.address, droppedPort, 3)
        await here.send(there.address, droppedPort, 3)
        await sleep(50)
        assert.deepEqual(
          [2, 3, 4].map((index) => hits(object, index)),
          [6, 6, 2],
        )
        for (const direction of ['ingress', 'egress'] as const)
          assert.deepEqual(listTcFilters({ ...at, direction }), [])
      })
    }

    test('tcx programs are ordered as asked', { skip: skipUnless('tcx') }, async () => {
      const { here, there } = lab()
      using object = await load()
      const tc = {
        interface: here.interface,
        networkNamespace: here.namespace,
        direction: 'ingress',
      } as const
      using drop = object.attach('drop_tc', { tc })
      {
        using _last = object.attach('count_in', { tc })
        await there.send(here.address, droppedPort, 2)
        assert.equal(await settled(object, 4, 2), 2)
        assert.equal(hits(object, 2), 0, 'after one that drops nothing is left')
      }
      for (const place of ['first', { before: drop }] as const) {
        const seen = hits(object, 2)
        using _first = object.attach('count_in', { tc: { ...tc, place } })
        await there.send(here.address, droppedPort, 2)
        assert.equal(await settled(object, 2, seen + 2), seen + 2)
      }
      using _after = object.attach('count_in', { tc: { ...tc, place: { after: drop } } })
      const seen = hits(object, 2)
      await there.send(here.address, droppedPort, 2)
      await settled(object, 4, 8)
      assert.equal(hits(object, 2), seen)
    })

    test('a classic filter that was left behind is found by its name and removed', async () => {
      const { here } = lab()
      using object = await load()
      const at = {
        interface: here.interface,
        networkNamespace: here.namespace,
        direction: 'ingress',
      } as const
      using other = attachTc(object.program('count_in'), { ...at, how: 'classic', priority: 7 })
      using left = attachTc(object.program('drop_tc'), { ...at, how: 'classic', name: 'left' })
      assert.equal(other.link, undefined)
      assert.deepEqual(
        listTcFilters(at).map(({ name, priority }) => [name, priority]),
        [
          ['count_in', 7],
          ['left', 8],
        ],
      )
      assert.equal(removeTcFilters({ ...at, name: 'left' }), 1)
      assert.equal(removeTcFilters({ ...at, name: 'left' }), 0)
      assert.deepEqual(
        listTcFilters(at).map(({ name }) => name),
        ['count_in'],
      )
      left[Symbol.dispose]()
      assert.throws(
        () => attachTc(object.program('drop_tc'), { ...at, how: 'classic', priority: 70_000 }),
        { code: 'BPF_ARGUMENT' },
      )
      assert.throws(
        () => attachTc(object.program('drop_xdp'), { ...at, how: 'classic' }),
        { code: 'BPF_NETLINK_FAILED', errnoName: 'EINVAL' },
        'an XDP program is none of traffic control',
      )
    })

    test('the last classic filter takes the clsact along, whichever that is', async () => {
      const { here } = lab()
      using object = await load()
      const at = {
        interface: here.interface,
        networkNamespace: here.namespace,
        how: 'classic',
      } as const
      const into = attachTc(object.program('count_in'), { ...at, direction: 'ingress' })
      const out = attachTc(object.program('count_out'), { ...at, direction: 'egress' })
      const hasClsact = (): boolean =>
        inNetworkNamespace(here.namespace, () => {
          using socket = new RouteSocket()
          return hasQdisc(socket, interfaceIndex(here.interface), 'clsact')
        })
      assert.equal(hasClsact(), true)
      into[Symbol.dispose]()
      into[Symbol.dispose]()
      assert.equal(hasClsact(), true)
      out[Symbol.dispose]()
      assert.equal(hasClsact(), false)
    })

    test('where the kernel has no tcx the error names it and its kernel', async () => {
      using object = await load()
      const tc = { interface: 'no-such0', direction: 'ingress' } as const
      if (probeFeature('tcx').supported) {
        assert.throws(() => object.attach('count_in', { tc }), { code: 'BPF_NOT_FOUND' })
        return
      }
      const { here } = lab()
      assert.throws(
        () =>
          object.attach('count_in', {
            tc: { ...tc, interface: here.interface, networkNamespace: here.namespace },
          }),
        { code: 'BPF_ATTACH_FAILED', feature: 'tcx', minimumKernel: '6.6' },
      )
    })
  })

  suite('socket lookup', { skip: skipUnless('sk_lookup', 'sockmap') }, () => {
    test('steers connections to another port to a socket', async () => {
      const { here, there } = lab()
      using object = await load()
      let accepted = 0
      // Without a host the socket is made at once, so in that namespace.
      const server: Server = inNetworkNamespace(here.namespace, () =>
        createServer((socket) => {
          accepted += 1
          socket.end()
        }).listen(9000),
      )
      try {
        const fd: unknown = Reflect.get(Object(Reflect.get(server, '_handle')), 'fd')
        assert.ok(typeof fd === 'number' && fd >= 0)
        object.map<number, bigint>('server').setReference(0, { fd })
        assert.equal(await there.connects(here.address, steeredPort), false)
        {
          using _link = object.attach('steer', { networkNamespace: here.namespace })
          assert.equal(await there.connects(here.address, steeredPort), true)
          assert.equal(await there.connects(here.address, steeredPort + 1), false)
          assert.equal(await settled(object, 5, 1), 1)
        }
        assert.equal(await there.connects(here.address, steeredPort), false)
        assert.equal(accepted, 1)
      } finally {
        server.close()
      }
    })
  })

  suite('netfilter', { skip: skipUnless('netfilter') }, () => {
    test('a program runs at its hook of one namespace', async () => {
      const { here, there } = lab()
      using object = openObject(await buildTestProgram('netfilter')).load()
      const netfilter = {
        family: 'ipv4',
        hook: 'local-in',
        priority: 10,
        networkNamespace: here.namespace,
      } as const
      using link = object.attach('count_filtered', { netfilter })
      assert.throws(() => object.attach('count_filtered', { netfilter }), { errnoName: 'EBUSY' })
      await there.send(here.address, droppedPort, 5)
      assert.equal(await settled(object, 0, 5), 5)
      await there.send('fd66::1', droppedPort, 5)
      assert.equal(await settled(object, 0, 5), 5, 'another family')
      const { id } = link.info
      link[Symbol.dispose]()
      await waitUntilGone('links', id)
    })
  })
})
