//! The registers of LSM6DSL (DocID028475 rev. 7, table 19) and LSM6DSO (DS12140 rev. 2, table 19).

use super::super::registers::Register;

pub(super) const CTRL1_XL: u8 = 0x10;
pub(super) const CTRL2_G: u8 = 0x11;
pub(super) const CTRL3_C: u8 = 0x12;
pub(super) const CTRL4_C: u8 = 0x13;
pub(super) const CTRL6_C: u8 = 0x15;
pub(super) const CTRL7_G: u8 = 0x16;
pub(super) const STATUS_REG: u8 = 0x1e;
pub(super) const OUTX_L_G: u8 = 0x22;
pub(super) const OUTX_L_XL: u8 = 0x28;
pub(super) const OUTZ_H_XL: u8 = 0x2d;

const BANK: &str = "the other banks of registers are not modelled";
const FIFO: &str = "the FIFO is not modelled";
const INTERRUPT: &str = "interrupts are not modelled";
const HUB: &str = "the sensor hub is not modelled";
const EMBEDDED: &str = "embedded functions are not modelled";
const SYNC: &str = "synchronisation is not modelled";
const TEMPERATURE: &str = "the temperature is not modelled";
const TIMESTAMP: &str = "timestamps are not modelled";
const OFFSET: &str = "offset correction is not modelled";
const OIS: &str = "the auxiliary interface is not modelled";

/// What both have.
pub(super) const COMMON: &[Register] = &[
    Register::rw(0x01, "FUNC_CFG_ACCESS", 0).hold(0xff, BANK),
    Register::rw(0x0d, "INT1_CTRL", 0).hold(0xff, INTERRUPT),
    Register::rw(0x0e, "INT2_CTRL", 0).hold(0xff, INTERRUPT),
    Register::rw(CTRL4_C, "CTRL4_C", 0).hold(0xb5, "DEN, interrupts and a deaf I2C interface are not modelled"),
    Register::rw(0x14, "CTRL5_C", 0).hold(0xff, "self-test, rounding and ultra-low power are not modelled"),
    Register::rw(CTRL6_C, "CTRL6_C", 0).hold(0xe0, "triggers are not modelled"),
    Register::rw(CTRL7_G, "CTRL7_G", 0).hold(0x4f, "the high-pass filter, rounding, offsets and OIS are not modelled"),
    Register::rw(0x17, "CTRL8_XL", 0).hold(0x14, "the high-pass filter is not modelled"),
    Register::rw(0x18, "CTRL9_XL", 0xe0),
    Register::rw(0x19, "CTRL10_C", 0).hold(0xff, EMBEDDED),
    Register::blind(0x1b, "WAKE_UP_SRC", INTERRUPT),
    Register::blind(0x1c, "TAP_SRC", INTERRUPT),
    Register::blind(0x1d, "D6D_SRC", INTERRUPT),
    Register::ro(STATUS_REG, "STATUS_REG", 0),
    Register::blind(0x20, "OUT_TEMP_L", TEMPERATURE),
    Register::blind(0x21, "OUT_TEMP_H", TEMPERATURE),
    Register::ro(OUTX_L_G, "OUTX_L_G", 0),
    Register::ro(0x23, "OUTX_H_G", 0),
    Register::ro(0x24, "OUTY_L_G", 0),
    Register::ro(0x25, "OUTY_H_G", 0),
    Register::ro(0x26, "OUTZ_L_G", 0),
    Register::ro(0x27, "OUTZ_H_G", 0),
    Register::ro(OUTX_L_XL, "OUTX_L_XL", 0),
    Register::ro(0x29, "OUTX_H_XL", 0),
    Register::ro(0x2a, "OUTY_L_XL", 0),
    Register::ro(0x2b, "OUTY_H_XL", 0),
    Register::ro(0x2c, "OUTZ_L_XL", 0),
    Register::ro(OUTZ_H_XL, "OUTZ_H_XL", 0),
    Register::blind(0x3a, "FIFO_STATUS1", FIFO),
    Register::blind(0x3b, "FIFO_STATUS2", FIFO),
    Register::blind(0x40, "TIMESTAMP0", TIMESTAMP),
    Register::blind(0x41, "TIMESTAMP1", TIMESTAMP),
    Register::blind(0x42, "TIMESTAMP2", TIMESTAMP),
    Register::rw(0x59, "TAP_THS_6D", 0),
    Register::rw(0x5a, "INT_DUR2", 0),
    Register::rw(0x5b, "WAKE_UP_THS", 0),
    Register::rw(0x5c, "WAKE_UP_DUR", 0),
    Register::rw(0x5d, "FREE_FALL", 0),
    Register::rw(0x5e, "MD1_CFG", 0).hold(0xff, INTERRUPT),
    Register::rw(0x5f, "MD2_CFG", 0).hold(0xff, INTERRUPT),
    Register::rw(0x73, "X_OFS_USR", 0).hold(0xff, OFFSET),
    Register::rw(0x74, "Y_OFS_USR", 0).hold(0xff, OFFSET),
    Register::rw(0x75, "Z_OFS_USR", 0).hold(0xff, OFFSET),
];

/// What the LSM6DSL has beside them.
pub(super) const DSL: &[Register] = &[
    Register::rw(0x04, "SENSOR_SYNC_TIME_FRAME", 0).hold(0xff, SYNC),
    Register::rw(0x05, "SENSOR_SYNC_RES_RATIO", 0).hold(0xff, SYNC),
    Register::rw(0x06, "FIFO_CTRL1", 0),
    Register::rw(0x07, "FIFO_CTRL2", 0),
    Register::rw(0x08, "FIFO_CTRL3", 0),
    Register::rw(0x09, "FIFO_CTRL4", 0),
    Register::rw(0x0a, "FIFO_CTRL5", 0).hold(0x07, FIFO),
    Register::rw(0x0b, "DRDY_PULSE_CFG_G", 0).hold(0xff, INTERRUPT),
    Register::ro(0x0f, "WHO_AM_I", 0x6a),
    Register::rw(CTRL1_XL, "CTRL1_XL", 0),
    Register::rw(CTRL2_G, "CTRL2_G", 0).hold(0x01, "the data sheet wants 0 there"),
    Register::rw(CTRL3_C, "CTRL3_C", 0x04),
    Register::rw(0x1a, "MASTER_CONFIG", 0).hold(0xff, HUB),
    Register::blind(0x2e, "SENSORHUB1_REG", HUB),
    Register::blind(0x2f, "SENSORHUB2_REG", HUB),
    Register::blind(0x30, "SENSORHUB3_REG", HUB),
    Register::blind(0x31, "SENSORHUB4_REG", HUB),
    Register::blind(0x32, "SENSORHUB5_REG", HUB),
    Register::blind(0x33, "SENSORHUB6_REG", HUB),
    Register::blind(0x34, "SENSORHUB7_REG", HUB),
    Register::blind(0x35, "SENSORHUB8_REG", HUB),
    Register::blind(0x36, "SENSORHUB9_REG", HUB),
    Register::blind(0x37, "SENSORHUB10_REG", HUB),
    Register::blind(0x38, "SENSORHUB11_REG", HUB),
    Register::blind(0x39, "SENSORHUB12_REG", HUB),
    Register::blind(0x3c, "FIFO_STATUS3", FIFO),
    Register::blind(0x3d, "FIFO_STATUS4", FIFO),
    Register::blind(0x3e, "FIFO_DATA_OUT_L", FIFO),
    Register::blind(0x3f, "FIFO_DATA_OUT_H", FIFO),
    Register::blind(0x49, "STEP_TIMESTAMP_L", EMBEDDED),
    Register::blind(0x4a, "STEP_TIMESTAMP_H", EMBEDDED),
    Register::blind(0x4b, "STEP_COUNTER_L", EMBEDDED),
    Register::blind(0x4c, "STEP_COUNTER_H", EMBEDDED),
    Register::blind(0x4d, "SENSORHUB13_REG", HUB),
    Register::blind(0x4e, "SENSORHUB14_REG", HUB),
    Register::blind(0x4f, "SENSORHUB15_REG", HUB),
    Register::blind(0x50, "SENSORHUB16_REG", HUB),
    Register::blind(0x51, "SENSORHUB17_REG", HUB),
    Register::blind(0x52, "SENSORHUB18_REG", HUB),
    Register::blind(0x53, "FUNC_SRC1", EMBEDDED),
    Register::blind(0x54, "FUNC_SRC2", EMBEDDED),
    Register::blind(0x55, "WRIST_TILT_IA", EMBEDDED),
    Register::rw(0x58, "TAP_CFG", 0).hold(0xff, INTERRUPT),
    Register::rw(0x60, "MASTER_CMD_CODE", 0).hold(0xff, SYNC),
    Register::rw(0x61, "SENS_SYNC_SPI_ERROR_CODE", 0).hold(0xff, SYNC),
    Register::blind(0x66, "OUT_MAG_RAW_X_L", HUB),
    Register::blind(0x67, "OUT_MAG_RAW_X_H", HUB),
    Register::blind(0x68, "OUT_MAG_RAW_Y_L", HUB),
    Register::blind(0x69, "OUT_MAG_RAW_Y_H", HUB),
    Register::blind(0x6a, "OUT_MAG_RAW_Z_L", HUB),
    Register::blind(0x6b, "OUT_MAG_RAW_Z_H", HUB),
];

/// What the LSM6DSO has beside them.
pub(super) const DSO: &[Register] = &[
    Register::rw(0x02, "PIN_CTRL", 0x3f).hold(0xff, OIS),
    Register::rw(0x04, "S4S_TPH_L", 0).hold(0xff, SYNC),
    Register::rw(0x05, "S4S_TPH_H", 0).hold(0xff, SYNC),
    Register::rw(0x06, "S4S_RR", 0).hold(0xff, SYNC),
    Register::rw(0x07, "FIFO_CTRL1", 0),
    Register::rw(0x08, "FIFO_CTRL2", 0),
    Register::rw(0x09, "FIFO_CTRL3", 0),
    Register::rw(0x0a, "FIFO_CTRL4", 0).hold(0x07, FIFO),
    Register::rw(0x0b, "COUNTER_BDR_REG1", 0).hold(0xff, FIFO),
    Register::rw(0x0c, "COUNTER_BDR_REG2", 0),
    Register::ro(0x0f, "WHO_AM_I", 0x6c),
    Register::rw(CTRL1_XL, "CTRL1_XL", 0).hold(0x01, "the data sheet wants 0 there"),
    Register::rw(CTRL2_G, "CTRL2_G", 0).hold(0x01, "the data sheet wants 0 there"),
    Register::rw(CTRL3_C, "CTRL3_C", 0x04).hold(0x02, "the data sheet wants 0 there"),
    Register::blind(0x1a, "ALL_INT_SRC", INTERRUPT),
    Register::blind(0x35, "EMB_FUNC_STATUS_MAINPAGE", EMBEDDED),
    Register::blind(0x36, "FSM_STATUS_A_MAINPAGE", EMBEDDED),
    Register::blind(0x37, "FSM_STATUS_B_MAINPAGE", EMBEDDED),
    Register::blind(0x39, "STATUS_MASTER_MAINPAGE", HUB),
    Register::blind(0x43, "TIMESTAMP3", TIMESTAMP),
    Register::rw(0x56, "TAP_CFG0", 0).hold(0xff, INTERRUPT),
    Register::rw(0x57, "TAP_CFG1", 0),
    Register::rw(0x58, "TAP_CFG2", 0).hold(0xff, INTERRUPT),
    Register::rw(0x60, "S4S_ST_CMD_CODE", 0).hold(0xff, SYNC),
    Register::rw(0x61, "S4S_DT_REG", 0).hold(0xff, SYNC),
    Register::rw(0x62, "I3C_BUS_AVB", 0).hold(0xff, INTERRUPT),
    Register::blind(0x63, "INTERNAL_FREQ_FINE", "the trim of the clock is not modelled"),
    Register::blind(0x6f, "INT_OIS", OIS),
    Register::blind(0x70, "CTRL1_OIS", OIS),
    Register::blind(0x71, "CTRL2_OIS", OIS),
    Register::blind(0x72, "CTRL3_OIS", OIS),
    Register::blind(0x78, "FIFO_DATA_OUT_TAG", FIFO),
    Register::blind(0x79, "FIFO_DATA_OUT_X_L", FIFO),
    Register::blind(0x7a, "FIFO_DATA_OUT_X_H", FIFO),
    Register::blind(0x7b, "FIFO_DATA_OUT_Y_L", FIFO),
    Register::blind(0x7c, "FIFO_DATA_OUT_Y_H", FIFO),
    Register::blind(0x7d, "FIFO_DATA_OUT_Z_L", FIFO),
    Register::blind(0x7e, "FIFO_DATA_OUT_Z_H", FIFO),
];
