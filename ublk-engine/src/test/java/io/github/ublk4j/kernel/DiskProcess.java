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

package io.github.ublk4j.kernel;

import java.io.BufferedReader;
import java.io.IOException;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;

/**
 * A server process of its own: prints the path of its disk, then "busy" when requests
 * have come, and closes its engine when it is terminated.
 */
final class DiskProcess {

	private static final int SIZE = 8 << 20;

	private DiskProcess() {
	}

	static Process start() {
		return FurtherJvm.start(DiskProcess.class);
	}

	/**
	 * Reads what the process prints, log lines among it, up to a line.
	 * @param output what it prints
	 * @param beginning how the line begins
	 * @return the line
	 */
	static String await(BufferedReader output, String beginning) throws IOException {
		String line = output.readLine();
		while (line != null && !line.startsWith(beginning)) {
			line = output.readLine();
		}
		if (line == null) {
			throw new IOException("The process has ended without " + beginning);
		}
		return line;
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws InterruptedException {
		UblkEngine engine = UblkEngine.create();
		Runtime.getRuntime().addShutdownHook(new Thread(engine::close));
		UblkDevice device = engine.start(DiskSpec.named("process").size(SIZE).build(), new RamDisk(SIZE)).block();
		System.out.println(device.path());
		while (device.status().queues().get(0).requests() < 1000) {
			Thread.sleep(20);
		}
		System.out.println("busy");
		Thread.currentThread().join();
	}

}
