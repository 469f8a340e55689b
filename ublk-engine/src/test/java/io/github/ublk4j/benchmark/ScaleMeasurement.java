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

package io.github.ublk4j.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Starts many devices at the same time in one JVM and tells how long each took and what
 * memory each holds. Arguments: {@code DEVICES MODE}. Prints
 * {@code devices,mode,slowest_ms,median_ms,resident_kib_per_device,buffer_kib_per_device}.
 */
final class ScaleMeasurement {

	private static final long SIZE = 1L << 30;

	private ScaleMeasurement() {
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws IOException {
		int devices = Integer.parseInt(arguments[0]);
		DataMode mode = DataMode.valueOf(arguments[1].toUpperCase(Locale.ROOT).replace('-', '_'));
		try (UblkEngine engine = UblkEngine.create()) {
			// what the first device of a JVM costs is not what a device costs
			Objects.requireNonNull(start(engine, "warm-up", mode).block()).stop().block();
			System.gc();
			long residentBefore = residentKib();
			List<Long> times = startTogether(engine, devices, mode);
			System.gc();
			long resident = (residentKib() - residentBefore) / devices;
			long buffers = engine.devices().stream().mapToLong((device) -> device.status().bufferBytes()).sum() / 1024
					/ devices;
			System.out.println(String.join(",", arguments[0], arguments[1], times.get(devices - 1).toString(),
					times.get(devices / 2).toString(), Long.toString(resident), Long.toString(buffers)));
		}
	}

	private static List<Long> startTogether(UblkEngine engine, int devices, DataMode mode) {
		ConcurrentLinkedQueue<Long> times = new ConcurrentLinkedQueue<>();
		Flux.range(0, devices)
			.flatMap((index) -> start(engine, "disk" + index, mode).elapsed()
				.doOnNext((timed) -> times.add(timed.getT1())), devices)
			.blockLast(Duration.ofMinutes(5));
		return times.stream().sorted().toList();
	}

	private static Mono<UblkDevice> start(UblkEngine engine, String name, DataMode mode) {
		return engine.start(DiskSpec.named(name).size(SIZE).dataMode(mode).readOnly(true).build(),
				(read) -> Mono.empty());
	}

	private static long residentKib() throws IOException {
		return Files.readAllLines(Path.of("/proc/self/status"))
			.stream()
			.filter((line) -> line.startsWith("VmRSS:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")))
			.findFirst()
			.orElseThrow();
	}

}
