export { createDriver } from './websocket-driver.js'
