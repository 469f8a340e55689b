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

package io.github.ublk4j.engine;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.KernelThread;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.OwnUse;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.ForkedJvm;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that has no JNA, and so could make no system call of the library's.
 */
class SimulationWithoutNativeCodeTests {

	@Test
	void simulatedDisksNeedNoNativeCode() throws Exception {
		String output = ForkedJvm.run(List.of("-Xlog:class+load", "-Dos.name=Plan 9"), Simulation.class);
		assertThat(output).contains("all data modes work");
		List<String> linux = Pattern.compile("io\\.github\\.ublk4j\\.engine\\.linux\\.\\S+")
			.matcher(output)
			.results()
			.map((match) -> match.group())
			.distinct()
			.toList();
		// names of errors, and readers of text files in /proc
		assertThat(linux).isSubsetOf(Errno.class.getName(), LinuxException.class.getName(),
				KernelThread.class.getName(), OwnUse.class.getName());
		assertThat(output).doesNotContain("com.sun.jna", "engine.uring.IoUring ");
	}

	/** Uses a disk in every data mode, and stops one whose handler never answers. */
	static final class Simulation {

		private static final Duration PATIENCE = Duration.ofSeconds(10);

		private Simulation() {
		}

		public static void main(String[] args) {
			SimulatedUblk ublk = new SimulatedUblk();
			UblkEngine engine = UblkEngine.builder().simulated(ublk).drainTimeout(Duration.ZERO).build();
			for (DataMode mode : DataMode.values()) {
				MemoryBlockStore store = MemoryBlockStore.sparse(1 << 20);
				UblkDevice device = Objects.requireNonNull(engine.start(spec(mode), store).block(PATIENCE));
				byte[] data = new byte[512 << 10];
				Arrays.fill(data, (byte) mode.name().length());
				SimulatedDisk disk = ublk.disk("disk");
				disk.write(0, data).block(PATIENCE);
				if (!Arrays.equals(data, disk.read(0, data.length).block(PATIENCE))) {
					throw new IllegalStateException(mode + " loses data");
				}
				device.stop().block(PATIENCE);
			}
			engine.start(spec(DataMode.COPY), new Silent()).block(PATIENCE);
			ublk.disk("disk").read(0, 4096).subscribe(null, (ignored) -> {
			});
			engine.close();
			System.out.println("all data modes work");
		}

		private static DiskSpec spec(DataMode mode) {
			return DiskSpec.named("disk").size(1 << 20).queueDepth(2).dataMode(mode).build();
		}

	}

	private static final class Silent implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.never();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return Mono.never();
		}

	}

}
