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

package io.github.ublk4j.spring.s3;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/**
 * A volume in a bucket of S3, or of a server that speaks its protocol with conditional
 * writes ({@code If-Match}, {@code If-None-Match}).
 * <p>
 * Every put of a chunk is an object of its own, under a key that is used once. An index
 * for each {@value S3Index#CHUNKS} chunks names those that count, and is only replaced if
 * it is what this server wrote last. A server that claims the volume writes all of them
 * first, so from then on an earlier one changes nothing, whatever it has under way. A
 * write is durable when it completes. Objects that a server which died has not yet named,
 * or not yet removed, are left behind.
 */
public final class S3ChunkVolume implements ChunkVolume {

	private static final String DESCRIPTOR = "volume";

	/** Each is written when the volume is opened, and takes 16 KiB of memory. */
	private static final int MAX_INDEXES = 2048;

	private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9._/-]{1,512}");

	private final S3Objects objects;

	private final String name;

	/**
	 * Names a volume. Nothing is opened or made.
	 * @param client what asks S3; closed by its owner, after the store
	 * @param bucket a bucket, which exists
	 * @param prefix what the keys of the volume begin with, followed by '/': letters,
	 * digits, '.', '_', '-' and '/'
	 */
	public S3ChunkVolume(S3AsyncClient client, String bucket, String prefix) {
		if (bucket.isEmpty() || !PREFIX.matcher(prefix).matches()) {
			throw new IllegalArgumentException("A volume in S3 cannot be named '" + bucket + "/" + prefix
					+ "'. Use a bucket, '/', and letters, digits, '.', '_', '-' and '/'.");
		}
		this.objects = new S3Objects(client, bucket, prefix + "/");
		this.name = bucket + "/" + prefix;
	}

	@Override
	public Mono<VolumeDescriptor> describe() {
		return this.objects.get(DESCRIPTOR)
			.map((stored) -> VolumeDescriptor.parse(StandardCharsets.UTF_8.decode(stored.data()).toString(),
					"object " + this.name + "/volume"));
	}

	private static ByteBuffer text(VolumeDescriptor descriptor) {
		return StandardCharsets.UTF_8.encode(descriptor.text());
	}

	@Override
	public Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor) {
		if (indexes(descriptor.size(), descriptor.chunkSize()) > MAX_INDEXES) {
			long enough = descriptor.chunkSize();
			while (indexes(descriptor.size(), enough) > MAX_INDEXES) {
				enough *= 2;
			}
			return Mono.error(new StoreUnavailableException(
					"The " + this + " of " + descriptor.size() + " bytes would have too many chunks of "
							+ descriptor.chunkSize() + " bytes, all of which are known by name.",
					"Set chunks.chunk-size to " + (enough >> 10) + "KB or more."));
		}
		return this.objects.replace(DESCRIPTOR, null, text(descriptor)).then(describe());
	}

	private static long indexes(long size, long chunkSize) {
		long segment = chunkSize * S3Index.CHUNKS;
		return size / segment + ((size % segment > 0) ? 1 : 0);
	}

	@Override
	public Mono<ChunkStore> claim(VolumeClaim claim) {
		if (claim.readOnly()) {
			return Mono.just(new S3ReadOnlyChunkStore(this.objects));
		}
		return describe().flatMap((volume) -> requireConditions(volume).then(open(claim, volume)));
	}

	/** If the volume cannot be given back, it is held for the rest of the lease. */
	private Mono<ChunkStore> open(VolumeClaim claim, VolumeDescriptor volume) {
		Mono<Void> giveBack = S3Fence.release(this.objects, claim.holder()).onErrorComplete();
		return Mono.defer(() -> {
			AtomicBoolean opened = new AtomicBoolean();
			return S3Fence.change(this.objects, (fence) -> claimed(claim, fence))
				.flatMap((fence) -> S3ChunkStore.open(this.objects, claim, volume, fence.token()))
				.doOnNext((store) -> opened.set(true))
				.onErrorResume((failure) -> giveBack.then(Mono.error(failure)))
				.doOnCancel(() -> {
					if (!opened.get()) {
						giveBack.subscribe();
					}
				});
		});
	}

	private Mono<S3Fence> claimed(VolumeClaim claim, S3Fence fence) {
		long now = Clock.systemUTC().millis();
		if (fence.isHeld() && !claim.takeOver() && !fence.holder().equals(claim.holder())) {
			return Mono.error(new StoreUnavailableException("The " + this + " is served by " + fence.holder() + ".",
					"Stop it; if it has died, wait " + (fence.until() - now + 999) / 1000
							+ " seconds; or take the volume over (chunks.take-over)."));
		}
		return Mono.just(new S3Fence(fence.token() + 1, now + claim.lease().toMillis(), claim.holder()));
	}

	/** Without conditions, two servers could write. */
	private Mono<Void> requireConditions(VolumeDescriptor volume) {
		return this.objects.replace(DESCRIPTOR, null, text(volume))
			.switchIfEmpty(this.objects.replace(DESCRIPTOR, "\"0\"", text(volume)))
			.flatMap((ignored) -> Mono.error(new StoreUnavailableException(
					"The " + this + " cannot be protected from a second server: S3 has ignored a condition of a write.",
					"Use a server that knows If-Match and If-None-Match.")));
	}

	@Override
	public String toString() {
		return "S3 volume " + this.name;
	}

}
