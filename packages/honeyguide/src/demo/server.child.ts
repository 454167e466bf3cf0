/**
 * The web server that a chain comes in through: answers on a loopback port and, as a server with a hole in it
 * would, hands what it is asked to a shell. Ends with whoever started it.
 *
 *     server.child.ts MODE        prints its port
 *
 * `requests`: one shell for each request; `shell`: one shell that is told line by line. Only who knows the word
 * in HONEYGUIDE_DEMO_WORD (sent by no one but the demo) is obeyed, and only from loopback.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'

const [mode = 'requests'] = process.argv.slice(2)
const word = process.env['HONEYGUIDE_DEMO_WORD'] ?? ''
delete process.env['HONEYGUIDE_DEMO_WORD']
const environment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  HOME: process.cwd(),
}
let shell: ChildProcess | undefined

function tell(command: string): Promise<void> {
  if (mode !== 'shell')
    return new Promise((done) => {
      spawn('/bin/sh', ['-c', command], { stdio: 'ignore', env: environment }).once('exit', () =>
        done(),
      )
    })
  shell ??= spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'ignore'], env: environment })
  const { stdin, stdout } = shell
  return new Promise((done) => {
    if (!stdin || !stdout) return done()
    stdout.once('data', () => done())
    stdin.write(`{ ${command}\n} >/dev/null 2>&1 </dev/null\necho done\n`)
  })
}

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => {
    if (word === '' || request.headers['x-word'] !== word) {
      response.end('hello\n')
      return
    }
    void tell(body).then(() => response.end('done\n'))
  })
})
// One connection is kept for the whole chain.
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`)
})
// The other end of the pipe is the demo: when it is gone, so is this.
process.stdin.on('end', () => process.exit(0)).resume()
