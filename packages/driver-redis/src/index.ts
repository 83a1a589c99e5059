export { createDriver } from './redis-driver.js'
