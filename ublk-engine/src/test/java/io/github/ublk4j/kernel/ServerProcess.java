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
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;

/**
 * A server process of its own, whose disk is a file and can be recovered. It does what it
 * is told on its standard input: {@code quiesce} or {@code stop}, and ends.
 */
final class ServerProcess implements AutoCloseable {

	private static final Duration START_PATIENCE = Duration.ofMinutes(2);

	private final Process process;

	private final BufferedReader output;

	private final String path;

	private ServerProcess(Process process) {
		this.process = process;
		this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
		try {
			this.path = DiskProcess.await(this.output, "/dev/ublkb");
		}
		catch (IOException ex) {
			process.destroyForcibly();
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Starts a server and waits until its disk is live.
	 * @param directory holds the file {@code disk.img} and the state
	 */
	static ServerProcess start(Path directory, Recovery recovery, DataMode mode) {
		return new ServerProcess(launch(directory, recovery, mode));
	}

	/**
	 * Starts a server whose disk is larger and made of chunks, and waits until it is
	 * live.
	 * @param directory holds the chunks, {@code volume}, and the state
	 */
	static ServerProcess startOnChunks(Path directory, Recovery recovery) {
		return new ServerProcess(launch(directory, recovery, DataMode.AUTO, "chunks"));
	}

	/**
	 * Starts a server and does not wait for anything.
	 */
	static Process launch(Path directory, Recovery recovery, DataMode mode) {
		return launch(directory, recovery, mode, "file");
	}

	private static Process launch(Path directory, Recovery recovery, DataMode mode, String store) {
		try {
			return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp",
					System.getProperty("java.class.path"), ServerProcess.class.getName(), directory.toString(),
					recovery.name(), mode.name(), store)
				.redirectError(ProcessBuilder.Redirect.INHERIT)
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	String path() {
		return this.path;
	}

	long pid() {
		return this.process.pid();
	}

	/**
	 * Kills the process as {@code kill -9} does.
	 */
	void kill() throws InterruptedException {
		this.process.destroyForcibly();
		if (!this.process.waitFor(30, TimeUnit.SECONDS)) {
			throw new AssertionError("The process does not end after SIGKILL: " + Shell
				.run("cat /proc/" + this.process.pid() + "/task/*/comm /proc/" + this.process.pid() + "/task/*/stack"));
		}
	}

	/**
	 * Tells the process what to do, and waits until it has done so and ended.
	 */
	void tell(String what) throws IOException, InterruptedException {
		this.process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
		this.process.getOutputStream().flush();
		DiskProcess.await(this.output, "done");
		if (!this.process.waitFor(START_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
			throw new AssertionError("The process does not end");
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws IOException {
		Path directory = Path.of(arguments[0]);
		UblkEngine engine = UblkEngine.builder().stateDirectory(directory.resolve("state")).build();
		BlockStore store = arguments[3].equals("chunks") ? chunks(directory)
				: FileBlockStore.at(directory.resolve("disk.img")).createIfMissing(true).size(RecoveryIT.SIZE).open();
		DiskSpec spec = DiskSpec.named("recovered")
			.size(store.size())
			.queues(2)
			.queueDepth(32)
			.recovery(Recovery.valueOf(arguments[1]))
			.dataMode(DataMode.valueOf(arguments[2]))
			.build();
		UblkDevice device = engine.start(spec, store).block();
		System.out.println(device.path());
		BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		String told = input.readLine();
		if ("quiesce".equals(told)) {
			device.quiesce().block();
		}
		else {
			device.stop().block();
		}
		engine.close();
		store.close();
		System.out.println("done");
	}

	private static BlockStore chunks(Path directory) {
		return ChunkBlockStore.of(DirectoryChunkVolume.at(directory.resolve("volume")))
			.size(320L << 20)
			.chunkSize(16 << 10)
			.open()
			.blockOptional(START_PATIENCE)
			.orElseThrow();
	}

}
