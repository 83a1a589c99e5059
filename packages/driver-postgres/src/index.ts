export { createDriver } from './postgres-driver.js'
