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

package io.github.ublk4j.spring.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.client.WebClient;

/**
 * A disk image on a web server, read-only. Each read is a request for a range.
 * <p>
 * <strong>One version.</strong> Each answer must be of the version that was there when
 * the store was opened, as its strong ETag says, or where there is none the time of its
 * last change. When the image has changed, that read fails and all later ones do, until
 * the store is opened again.
 * <p>
 * <strong>Failures.</strong> A request that the server cannot answer now (status 408,
 * 429, 5xx), not in time or not in full is repeated. Nothing of a failed attempt reaches
 * the buffer.
 * <p>
 * <strong>Threads.</strong> Requests begin when they are subscribed, and end on the
 * threads of the client. As many are under way as there are reads.
 */
public final class HttpBlockStore implements BlockStore {

	private static final Logger logger = LoggerFactory.getLogger(HttpBlockStore.class);

	private static final Set<BlockOperation> READ_ONLY = Collections.unmodifiableSet(EnumSet.of(BlockOperation.READ));

	private final ImageAddress address;

	private final HttpImage image;

	private volatile @Nullable BlockIoException end;

	private HttpBlockStore(ImageAddress address, HttpImage image) {
		this.address = address;
		this.image = image;
	}

	/**
	 * Begins to open an image.
	 * @param client what asks for it; the owner of its connections closes them
	 * @param address an http or https address. User and password in it are sent as basic
	 * authentication; they and a query are kept out of messages
	 * @return a builder
	 * @throws IllegalArgumentException if the address is none
	 */
	public static Builder at(WebClient client, String address) {
		return new Builder(client, ImageAddress.parse(address));
	}

	@Override
	public long size() {
		return this.image.size();
	}

	@Override
	public Set<BlockOperation> operations() {
		return READ_ONLY;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		int length = destination.remaining();
		return Mono.defer(() -> {
			BlockIoException refusal = (this.end != null) ? this.end : BlockIoException.outside(size(), offset, length);
			if (refusal != null) {
				return Mono.error(refusal);
			}
			return (length == 0) ? Mono.empty()
					: this.image.read(offset, length)
						.doOnNext(destination::put)
						.then()
						.onErrorMap((failure) -> explain(offset, length, failure));
		});
	}

	private BlockIoException explain(long offset, int length, Throwable failure) {
		if (failure instanceof HttpFailure known && known.isChange()) {
			return changed(known);
		}
		return new BlockIoException(BlockIoException.errnoOf(failure), "READ of " + length + " bytes at offset "
				+ offset + " of " + this.address + " failed: " + failure.getMessage(), failure);
	}

	private synchronized BlockIoException changed(HttpFailure failure) {
		BlockIoException known = this.end;
		if (known == null) {
			known = new BlockIoException(BlockErrno.EIO, "The image " + this.address + " has changed: "
					+ failure.getMessage() + ". All reads fail until the disk is started again", failure);
			this.end = known;
			logger.error("{}", known.getMessage());
		}
		return known;
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return Mono.error(new BlockIoException(BlockErrno.EOPNOTSUPP,
				"WRITE is not supported: the image " + this.address + " can only be read"));
	}

	/**
	 * Later reads fail with EIO.
	 */
	@Override
	public synchronized void close() {
		this.end = new BlockIoException(BlockErrno.EIO, "The image " + this.address + " is closed");
	}

	@Override
	public String toString() {
		return "image " + this.address;
	}

	/**
	 * Collects how to read an image.
	 */
	public static final class Builder {

		private final WebClient client;

		private final ImageAddress address;

		private Duration timeout = Duration.ofSeconds(5);

		private int retries = 3;

		private Duration firstPause = Duration.ofMillis(100);

		private Builder(WebClient client, ImageAddress address) {
			this.client = client;
			this.address = address;
		}

		/**
		 * Sets how long one request may take until its last byte.
		 * @param timeout at least 1 millisecond; default 5 seconds
		 * @return this builder
		 */
		public Builder timeout(Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		/**
		 * Sets how often a request is repeated before its read fails, after pauses that
		 * grow from 100 milliseconds.
		 * @param retries 0 or more; default 3
		 * @return this builder
		 */
		public Builder retries(int retries) {
			this.retries = retries;
			return this;
		}

		Builder firstPause(Duration firstPause) {
			this.firstPause = firstPause;
			return this;
		}

		/**
		 * Looks at the image.
		 * @return the store; fails with a {@link StoreUnavailableException} if the image
		 * cannot be served
		 */
		public Mono<HttpBlockStore> open() {
			if (this.timeout.toMillis() < 1 || this.retries < 0) {
				throw new IllegalArgumentException("An image cannot be read with a timeout of " + this.timeout + " and "
						+ this.retries + " retries. Use at least 1 millisecond and 0.");
			}
			return HttpImage
				.find(new HttpAttempts(this.client, this.address, this.timeout, this.retries, this.firstPause))
				.map((image) -> new HttpBlockStore(this.address, image))
				.onErrorMap(HttpFailure.class,
						(failure) -> new StoreUnavailableException(
								"The image " + this.address + " cannot be served: " + failure.getMessage() + ".",
								"Check the address and its server, or copy the image to a file.", failure));
		}

	}

}
