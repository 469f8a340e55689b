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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.metrics.QueueMetrics;
import io.github.ublk4j.store.FileBlockStore;
import io.github.ublk4j.store.chunk.ChunkBlockStore;
import io.github.ublk4j.store.chunk.DirectoryChunkVolume;

/**
 * A server process of its own, whose disk is a file and can be recovered. It does what it
 * is told on its standard input: {@code quiesce} or {@code stop}, and ends.
 */
final class ServerProcess implements AutoCloseable {

	private static final Duration START_PATIENCE = Duration.ofMinutes(2);

	// 128 and the number of SIGKILL
	private static final int KILLED = 137;

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
		return launch(directory, recovery, mode, new String[] { "file" });
	}

	/**
	 * Starts a server that is killed in the middle of its start, and waits for that: the
	 * device is made, or its take-over begun, but it is not live.
	 * @param queue which queue is about to begin then
	 */
	static void startDoomed(Path directory, Recovery recovery, int queue) throws InterruptedException {
		Process doomed = launch(directory, recovery, DataMode.AUTO, "file", String.valueOf(queue));
		try {
			if (!doomed.waitFor(START_PATIENCE.toSeconds(), TimeUnit.SECONDS) || doomed.exitValue() != KILLED) {
				throw new AssertionError("The server was not killed in the middle of its start: " + doomed);
			}
		}
		finally {
			doomed.destroyForcibly();
		}
	}

	private static Process launch(Path directory, Recovery recovery, DataMode mode, String... more) {
		List<String> arguments = new ArrayList<>(List.of(directory.toString(), recovery.name(), mode.name()));
		arguments.addAll(List.of(more));
		return FurtherJvm.start(ServerProcess.class, arguments.toArray(String[]::new));
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
		order(what);
		DiskProcess.await(this.output, "done");
		if (!this.process.waitFor(START_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
			throw new AssertionError("The process does not end");
		}
	}

	/**
	 * Tells the process what to do, and does not wait for it.
	 */
	void order(String what) throws IOException {
		this.process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
		this.process.getOutputStream().flush();
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws IOException {
		Path directory = Path.of(arguments[0]);
		UblkEngine.Builder builder = UblkEngine.builder().stateDirectory(directory.resolve("state"));
		if (arguments.length > 4) {
			int last = Integer.parseInt(arguments[4]);
			builder.metrics((disk, queue, depth) -> (queue == last) ? killed() : QueueMetrics.NONE);
		}
		UblkEngine engine = builder.build();
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

	private static QueueMetrics killed() {
		Shell.run("kill -9 " + ProcessHandle.current().pid());
		throw new AssertionError("alive after SIGKILL");
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
