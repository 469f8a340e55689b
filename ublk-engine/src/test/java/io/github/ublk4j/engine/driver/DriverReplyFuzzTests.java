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
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;
import io.github.ublk4j.engine.driver.UblkLayout.ParamBasic;
import io.github.ublk4j.engine.driver.UblkLayout.Params;
import io.github.ublk4j.proof.ProofRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the driver answers is not what it should be.
 */
@Timeout(3600)
class DriverReplyFuzzTests {

	private static final DiskSpec SPEC = DiskSpec.named("disk").size(1 << 30).physicalBlockSize(4096).build();

	private static final DeviceInfo DEVICE = new DeviceInfo(3, 1, 128, 256 << 10, 0, DriverState.QUIESCED, 1, 0, 0, 0);

	private static ByteBuffer parameters() {
		return DeviceParameters.encode(SPEC, EnumSet.of(BlockOperation.READ, BlockOperation.WRITE), DEVICE);
	}

	@Test
	void descriptionOfADeviceIsDecodedOrRefusedForItsState() {
		ProofRun run = new ProofRun(getClass(), Duration.ofMillis(300));
		Random random = run.random();
		byte[] bytes = new byte[DevInfo.SIZE];
		while (run.goesOn()) {
			random.nextBytes(bytes);
			ByteBuffer reply = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
			short state = (short) (random.nextInt(8) - 2);
			reply.putShort(DevInfo.STATE, state);
			try {
				DeviceInfo info = DeviceInfo.decode(reply);
				assertThat(info.queues()).as(run.toString()).isBetween(0, 0xffff);
				assertThat(info.queueDepth()).as(run.toString()).isBetween(0, 0xffff);
				assertThat(List.of(DriverState.values())).as(run.toString()).element(state).isEqualTo(info.state());
			}
			catch (IllegalStateException ex) {
				assertThat(ex).as(run.toString()).hasMessageContaining("unknown device state: " + state);
			}
		}
	}

	@Test
	void everyBitOfTheGeometryThatDiffersIsNoticed() {
		int basic = Params.BASIC;
		for (int[] field : new int[][] { { ParamBasic.DEV_SECTORS, Long.BYTES },
				{ ParamBasic.MAX_SECTORS, Integer.BYTES }, { ParamBasic.LOGICAL_BS_SHIFT, 1 },
				{ ParamBasic.PHYSICAL_BS_SHIFT, 1 }, { ParamBasic.IO_MIN_SHIFT, 1 }, { ParamBasic.IO_OPT_SHIFT, 1 } }) {
			for (int bit = 0; bit < field[1] * Byte.SIZE; bit++) {
				ByteBuffer reply = parameters();
				int at = basic + field[0] + bit / Byte.SIZE;
				reply.put(at, (byte) (reply.get(at) ^ 1 << bit % Byte.SIZE));
				assertThat(DeviceParameters.differences(parameters(), reply)).as("bit %d at %d", bit, at)
					.singleElement()
					.asString()
					.contains("in the device");
			}
		}
	}

	@Test
	void corruptedParametersAreComparedAndNeverFail() {
		ProofRun run = new ProofRun(getClass(), Duration.ofMillis(300));
		Random random = run.random();
		byte[] bytes = new byte[Params.SIZE];
		while (run.goesOn()) {
			random.nextBytes(bytes);
			List<String> found = DeviceParameters.differences(parameters(),
					ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()));
			assertThat(found).as(run.toString()).isNotEmpty().allMatch((difference) -> difference.contains("device"));
		}
		assertThat(DeviceParameters.differences(parameters(), parameters())).isEmpty();
		assertThat(DeviceParameters.differences(parameters(),
				ByteBuffer.allocate(Params.SIZE).order(ByteOrder.nativeOrder())))
			.as("an empty reply")
			.isNotEmpty();
	}

}
