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

package io.github.ublk4j.spring;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiscardRequest;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.FlushRequest;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import io.github.ublk4j.block.WriteZeroesRequest;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.layer.BlockLayer;
import io.github.ublk4j.layer.CopyOnWriteStore;
import io.github.ublk4j.layer.ForwardingBlockStore;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * The shorter examples of the documentation, as they stand there. {@link ReadmeTests}
 * compares.
 */
@SuppressWarnings({ "unused", "ClassCanBeStatic" })
class DocumentedExamples {

	private final BlockDevices devices;

	DocumentedExamples(BlockDevices devices) {
		this.devices = devices;
	}

	@Bean
	BlockDeviceCustomizer smallQueues() { // every declared disk
		return (name, spec) -> spec.queueDepth(32);
	}

	@Bean
	UblkEngineCustomizer patience() { // the engine; not one that is your own bean
		return (engine) -> engine.drainTimeout(Duration.ofSeconds(30));
	}

	void disksAtRunTime(BlockDevices devices, BlockDeviceHandler handler) {
		devices.create(DiskSpec.named("tenant-7").size(1L << 30).build(), handler).subscribe();
		devices.stop("tenant-7").subscribe();
		devices.start("tenant-7").subscribe();
		devices.delete("tenant-7").subscribe();
	}

	@EventListener
	Mono<UblkDevice> restart(BlockDeviceFailedEvent event) {
		return this.devices.start(event.name());
	}

	@SuppressWarnings("NullAway")
	void engineAlone(BlockDeviceHandler handler) {
		try (UblkEngine engine = UblkEngine.create()) {
			UblkDevice disk = engine.start(DiskSpec.named("scratch").size(4L << 30).build(), handler).block();
			// ... disk.path(), disk.status(), disk.stop()
		}
	}

	@Bean
	BlockLayer audited(Audit audit) {
		return (below) -> new ForwardingBlockStore(below) {

			@Override
			public Mono<Void> discard(long offset, long length) {
				return audit.record(offset, length).then(Mono.defer(() -> super.discard(offset, length)));
			}

		};
	}

	@SuppressWarnings("NullAway")
	Mono<Void> commit(BlockDevices devices) {
		return ((CopyOnWriteStore) devices.layers("archive").get("copy-on-write")).commit();
	}

	@SuppressWarnings("NullAway")
	void discard(BlockDevices devices) {
		((CopyOnWriteStore) devices.layers("golden").get("copy-on-write")).discardOverlay().block();
	}

	@Bean
	S3AsyncClient s3() {
		return S3AsyncClient.builder().region(Region.EU_CENTRAL_1).build();
	}

	@Bean
	@BlockDevice(name = "numbers", size = "1GB", readOnly = true)
	BlockDeviceHandler numbers() {
		return (read) -> {
			for (long at = 0; at < read.length(); at += Long.BYTES) {
				read.buffer().putLong((int) at, read.offset() + at);
			}
			return Mono.empty();
		};
	}

	@Bean
	BlockStoreFactory buckets(BucketClient client) {
		return new BlockStoreFactory() {

			@Override
			public String syntax() {
				return "bucket:<name>";
			} // for messages

			@Override
			public boolean supports(String store) {
				return store.startsWith("bucket:");
			}

			@Override
			public BlockStore open(DiskSpec spec, String store) {
				return new BucketStore(client, store.substring(7), spec.size());
			}

		};
	}

	interface Audit {

		Mono<Void> record(long offset, long length);

	}

	interface BucketClient {

	}

	record BucketStore(BucketClient client, String name, long size) implements BlockStore {

		@Override
		public Mono<Void> read(long offset, ByteBuffer destination) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			return Mono.empty();
		}

		@Override
		public void close() {
			// nothing is open
		}

	}

	/** {@code { ... }} stands for the body of each method. */
	static class Bodies {

		@BlockDevice(name = "scratch", size = "4GB")
		class ScratchDisk implements BlockDeviceHandler {

			@Override
			public Mono<Void> read(ReadRequest read) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> write(WriteRequest write) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> flush(FlushRequest flush) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> discard(DiscardRequest discard) {
				return Mono.empty();
			}

			@Override
			public Mono<Void> writeZeroes(WriteZeroesRequest zeroes) {
				return Mono.empty();
			}

		}

		@BlockDevice(name = "merged", size = "10GB")
		class MergedDisk implements BlockRequestStream {

			@Override
			public Mono<Void> serve(Flux<BlockRequest> requests) {
				return requests.bufferTimeout(32, Duration.ofMillis(1)).flatMap(this::writeTogether).then();
			}

			private Mono<Void> writeTogether(List<BlockRequest> requests) {
				return Mono.empty();
			}

		}

	}

}
