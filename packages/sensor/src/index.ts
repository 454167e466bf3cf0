/** The sensor daemon, for who starts it: a process of its own, given `--settings FILE` (`SensorSettings` as JSON). */

/** The module to run with Node.js. */
export const sensorMain = new URL('./main.ts', import.meta.url)
export { runSensor, runSensorProcess } from './run-sensor.ts'
