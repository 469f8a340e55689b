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
import java.util.Optional;
import java.util.function.Function;

import io.github.ublk4j.store.chunk.FencedException;
import reactor.core.publisher.Mono;

/**
 * Who holds a volume, as the object {@code fence} says.
 *
 * @param token the latest token that was given out
 * @param until when the lease of the holder ends, in milliseconds of the clocks of the
 * servers
 * @param holder who it is, empty if nobody holds the volume
 */
record S3Fence(long token, long until, String holder) {

	private static final String KEY = "fence";

	private static final S3Fence NOBODY = new S3Fence(0, 0, "");

	private static final int ATTEMPTS = 20;

	boolean isHeld() {
		return !this.holder.isEmpty() && this.until > Clock.systemUTC().millis();
	}

	S3Fence requireHolder(String expected) throws FencedException {
		if (!this.holder.equals(expected)) {
			throw new FencedException("it is served by " + (this.holder.isEmpty() ? "nobody" : this.holder));
		}
		return this;
	}

	static Mono<S3Fence> read(S3Objects objects) {
		return objects.get(KEY).map((stored) -> parse(stored.data())).defaultIfEmpty(NOBODY);
	}

	/**
	 * Changes it, unless somebody else does: then the change is made of what is there by
	 * then.
	 */
	static Mono<S3Fence> change(S3Objects objects, Function<S3Fence, Mono<S3Fence>> change) {
		return Mono.defer(() -> objects.get(KEY).map(Optional::of).defaultIfEmpty(Optional.empty()))
			.flatMap((before) -> change.apply(before.map((stored) -> parse(stored.data())).orElse(NOBODY))
				.flatMap((next) -> objects.replace(KEY, before.map(S3Objects.Stored::tag).orElse(null), next.text())
					// the client may have tried twice, and been refused the second time
					.then(read(objects))
					.filter(next::equals)))
			.repeatWhenEmpty(ATTEMPTS, (again) -> again);
	}

	/**
	 * Gives the volume up, unless somebody else holds it.
	 */
	static Mono<Void> release(S3Objects objects, String holder) {
		return read(objects).filter((fence) -> fence.holder().equals(holder))
			.flatMap((held) -> change(objects,
					(fence) -> Mono.just(fence.holder().equals(holder) ? new S3Fence(fence.token(), 0, "") : fence)))
			.then();
	}

	private static S3Fence parse(ByteBuffer data) {
		String[] parts = StandardCharsets.UTF_8.decode(data.duplicate()).toString().split(" ", 3);
		return new S3Fence(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]);
	}

	private ByteBuffer text() {
		return StandardCharsets.UTF_8.encode(this.token + " " + this.until + " " + this.holder);
	}

}
