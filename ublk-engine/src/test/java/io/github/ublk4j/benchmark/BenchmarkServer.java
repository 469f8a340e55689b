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

import java.nio.file.Path;
import java.util.Locale;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.queue.AnsweringThread;
import io.github.ublk4j.store.FileBlockStore;
import reactor.core.publisher.Mono;

/**
 * The disks that {@code docs/benchmarks/run.sh} measures; prints the path of the disk.
 * Arguments: {@code KIND MODE [FILE]}; {@code -Dqueues=N} for several queues. All kinds
 * but the last store nothing, so that only the way of a request is measured:
 * <ul>
 * <li>{@code null} and {@code inline} answer on the queue's thread,</li>
 * <li>{@code handover} answers on another one,</li>
 * <li>{@code cleared} is {@code null} with the buffers of reads cleared by the
 * engine,</li>
 * <li>{@code touched} is {@code null} that uses the buffer of each request,</li>
 * <li>{@code garbage} is {@code null} that allocates 64 KiB per request and keeps the
 * last 64 MiB of them, as a cache does,</li>
 * <li>{@code file} is the file store on {@code FILE},</li>
 * <li>{@code store:NAME} is a store with layers of {@link BenchmarkStores}, whose files
 * are beside {@code FILE}.</li>
 * </ul>
 */
final class BenchmarkServer implements BlockDeviceHandler {

	private static final long SIZE = 250L << 30;

	private final Mono<Void> answer;

	private final boolean touches;

	private final boolean fillsReadBuffers;

	// 1024 pieces of 64 KiB; none where nothing is allocated
	private final byte[][] kept;

	private int allocated;

	/** A result that is kept, so that the JIT compiler keeps the access too. */
	private long seen;

	private BenchmarkServer(String kind) {
		this.answer = switch (kind) {
			case "handover" -> new AnsweringThread();
			case "null", "inline", "cleared", "touched", "garbage" -> Mono.empty();
			default -> throw new IllegalArgumentException(
					"unknown kind " + kind + "; known: null, inline, handover, cleared, touched, garbage, file");
		};
		this.touches = kind.equals("touched");
		this.fillsReadBuffers = !kind.equals("cleared");
		this.kept = new byte[kind.equals("garbage") ? 1024 : 0][];
	}

	@Override
	public Mono<Void> read(ReadRequest request) {
		if (this.touches) {
			request.buffer().putLong(0, this.seen);
		}
		allocate();
		return this.answer;
	}

	@Override
	public Mono<Void> write(WriteRequest request) {
		if (this.touches) {
			this.seen += request.buffer().getLong(0);
		}
		allocate();
		return this.answer;
	}

	private void allocate() {
		if (this.kept.length > 0) {
			this.kept[this.allocated++ & (this.kept.length - 1)] = new byte[64 << 10];
		}
	}

	@Override
	public boolean fillsReadBuffers() {
		return this.fillsReadBuffers;
	}

	private static DiskSpec spec(String kind, String mode, long size) {
		DataMode dataMode = DataMode.valueOf(mode.toUpperCase(Locale.ROOT).replace('-', '_'));
		return DiskSpec.named(kind).size(size).dataMode(dataMode).queues(Integer.getInteger("queues", 1)).build();
	}

	private static Mono<UblkDevice> start(UblkEngine engine, String[] arguments) {
		String kind = arguments[0];
		String mode = arguments[1];
		if (kind.startsWith("store:")) {
			BlockStore store = BenchmarkStores.open(kind.substring("store:".length()),
					Path.of(arguments[2]).getParent());
			return engine.start(spec("store", mode, BenchmarkStores.SIZE), store);
		}
		if (!kind.equals("file")) {
			return engine.start(spec(kind, mode, SIZE), new BenchmarkServer(kind));
		}
		FileBlockStore store = FileBlockStore.at(Path.of(arguments[2])).open();
		return engine.start(spec(kind, mode, store.size()), store);
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws InterruptedException {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice device = start(engine, arguments).block();
			System.out.println(device.path());
			Thread.currentThread().join();
		}
	}

}
