export { createDriver } from './nats-driver.js'
