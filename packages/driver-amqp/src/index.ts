export { createDriver } from './amqp-driver.js'
