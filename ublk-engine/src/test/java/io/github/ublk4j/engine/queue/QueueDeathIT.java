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

package io.github.ublk4j.engine.queue;

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.QueueStatus;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.kernel.KernelTest;
import io.github.ublk4j.kernel.Shell;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The thread of a queue ends by a defect of the engine: its device fails, and nobody
 * hangs.
 */
@KernelTest
class QueueDeathIT {

	private final AtomicBoolean armed = new AtomicBoolean();

	@ParameterizedTest
	@MethodSource("io.github.ublk4j.kernel.KernelModes#supported")
	void deviceWithADeadQueueFailsItsRequestsAndOthersGoOn(DataMode mode) {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice healthy = start(engine, "healthy", mode, (read) -> Mono.empty());
			UblkDevice dying = start(engine, "dying", mode, this::die);
			this.armed.set(true);
			assertThat(Shell.tryRun("dd if=" + dying.path() + " bs=4K count=1 iflag=direct of=/dev/null").status())
				.isNotZero();
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> dying.status().state() == DeviceState.FAILED);
			assertThat(dying.status().failure()).contains("Queue 0").contains("a defect of the engine");
			assertThat(dying.status().queues()).extracting(QueueStatus::alive).containsExactly(false);
			Shell.run("dd if=" + healthy.path() + " bs=4K count=16 iflag=direct of=/dev/null status=none");
			dying.stop().block();
			assertThat(dying.status().state()).isEqualTo(DeviceState.STOPPED);
		}
	}

	private static UblkDevice start(UblkEngine engine, String name, DataMode mode, BlockDeviceHandler handler) {
		DiskSpec spec = DiskSpec.named(name).size(1 << 20).readOnly(true).dataMode(mode).build();
		return Objects.requireNonNull(engine.start(spec, handler).block());
	}

	private Mono<Void> die(ReadRequest request) {
		if (this.armed.get()) {
			Thread killer = new Thread(() -> homeOf(request).execute(new Defect()), "killer");
			killer.start();
			return Mono.never();
		}
		return Mono.empty();
	}

	private static RequestLoop homeOf(ReadRequest request) {
		try {
			Field home = IoRequest.class.getDeclaredField("home");
			home.setAccessible(true);
			return (RequestLoop) home.get(request);
		}
		catch (ReflectiveOperationException ex) {
			throw new LinkageError("IoRequest.home", ex);
		}
	}

	private static final class Defect extends LoopTask {

		@Override
		void run() {
			throw new IllegalStateException("a defect of the engine");
		}

		@Override
		void reject() {
			// the second killer comes too late
		}

	}

}
