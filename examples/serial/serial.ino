// Sends the samples of an analogue accelerometer over the serial port, a line each, in the format that
// `skiprnn collect --port` and Edge Impulse's data forwarder read: numbers separated by commas, 115,200 baud.
//
// An ADXL335 at A0, A1 and A2, supplied with 3.3 V as the converter is: half the supply is 0 g, and a tenth of it 1 g.

const unsigned long PERIOD_US = 10000;  // 100 samples a second
const int PINS[] = {A0, A1, A2};
const float COUNTS = 1023.0;  // the converter at its reference voltage
const float COUNTS_PER_G = COUNTS / 10.0;

unsigned long due_us;

void setup() {
  Serial.begin(115200);
  due_us = micros();
}

void loop() {
  // Instants on one grid, so that no delay adds up. A difference of times is right where micros() wraps, too.
  if ((long)(micros() - due_us) < 0) {
    return;
  }
  due_us += PERIOD_US;

  for (int axis = 0; axis < 3; axis++) {
    if (axis > 0) {
      Serial.print(',');
    }
    Serial.print((analogRead(PINS[axis]) - COUNTS / 2) / COUNTS_PER_G, 4);
  }
  Serial.println();
}
