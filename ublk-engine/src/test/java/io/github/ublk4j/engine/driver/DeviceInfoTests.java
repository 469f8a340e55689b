/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link DeviceInfo}.
 */
class DeviceInfoTests {

	@Test
	void requestLetsTheDriverChooseTheNumberAndSetsNothingElse() {
		ByteBuffer info = DeviceInfo.request(4, 128, 1 << 20, UblkFeature.IO_DESC_SIZE.mask() << 40 | 64, 0x1234)
			.encode();
		assertThat(info.isDirect()).isTrue();
		assertThat(info.capacity()).isEqualTo(DevInfo.SIZE);
		assertThat(info.getShort(DevInfo.NR_HW_QUEUES)).isEqualTo((short) 4);
		assertThat(info.getShort(DevInfo.QUEUE_DEPTH)).isEqualTo((short) 128);
		assertThat(info.getShort(DevInfo.STATE)).isZero();
		assertThat(info.getShort(DevInfo.IO_DESC_SIZE)).as("left to the driver").isZero();
		assertThat(info.getInt(DevInfo.MAX_IO_BUF_BYTES)).isEqualTo(1 << 20);
		assertThat(info.getInt(DevInfo.DEV_ID)).isEqualTo(-1);
		assertThat(info.getInt(DevInfo.UBLKSRV_PID)).isEqualTo(-1);
		assertThat(info.getLong(DevInfo.FLAGS)).isEqualTo(1L << 60 | 64);
		assertThat(info.getLong(DevInfo.UBLKSRV_FLAGS)).isEqualTo(0x1234);
		for (int i = DevInfo.OWNER_UID; i < DevInfo.SIZE; i++) {
			assertThat(info.get(i)).isZero();
		}
	}

	@Test
	void everythingThatIsEncodedIsDecoded() {
		DeviceInfo info = new DeviceInfo(7, 4096, 4096, 32 << 20, 0x1fffffL, DriverState.DEAD, 4711, 0, 0, 0);
		assertThat(DeviceInfo.decode(info.encode())).isEqualTo(info);
	}

	@Test
	void answerOfTheDriverIsDecoded() {
		ByteBuffer info = answer().putShort(DevInfo.NR_HW_QUEUES, (short) 2)
			.putShort(DevInfo.QUEUE_DEPTH, (short) 64)
			.putShort(DevInfo.STATE, (short) 1)
			.putShort(DevInfo.IO_DESC_SIZE, (short) 24)
			.putInt(DevInfo.MAX_IO_BUF_BYTES, 4096)
			.putInt(DevInfo.DEV_ID, 3)
			.putInt(DevInfo.UBLKSRV_PID, 99)
			.putLong(DevInfo.FLAGS, 0x42)
			.putInt(DevInfo.OWNER_UID, 1000)
			.putInt(DevInfo.OWNER_GID, 100);
		assertThat(DeviceInfo.decode(info))
			.isEqualTo(new DeviceInfo(3, 2, 64, 4096, 0x42, DriverState.LIVE, 99, 1000, 100, 0));
	}

	@ParameterizedTest
	@CsvSource({ "0,DEAD", "1,LIVE", "2,QUIESCED", "3,FAIL_IO" })
	void everyStateIsDecoded(short number, DriverState state) {
		ByteBuffer info = answer().putShort(DevInfo.STATE, number);
		assertThat(DeviceInfo.decode(info).state()).isEqualTo(state);
	}

	@ParameterizedTest
	@ValueSource(shorts = { -1, 4, Short.MAX_VALUE })
	void stateOfALaterDriverIsNamed(short state) {
		ByteBuffer info = answer().putShort(DevInfo.STATE, state);
		assertThatIllegalStateException().isThrownBy(() -> DeviceInfo.decode(info))
			.withMessage("The driver reports an unknown device state: " + state);
	}

	private static ByteBuffer answer() {
		return ByteBuffer.allocate(DevInfo.SIZE).order(ByteOrder.nativeOrder());
	}

}
