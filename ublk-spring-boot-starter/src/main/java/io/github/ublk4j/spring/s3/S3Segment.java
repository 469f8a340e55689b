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

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;

import io.github.ublk4j.layer.RangeLock;
import io.github.ublk4j.store.chunk.FencedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The index of some chunks, written by the server that holds the volume. It is replaced
 * only if it is what this server wrote last, so that a server whose index somebody else
 * has written changes nothing any more. One write is under way at a time; what comes
 * meanwhile goes with the next.
 */
final class S3Segment {

	private static final Logger logger = LoggerFactory.getLogger(S3Segment.class);

	/** Less than an attempt to store a chunk may take. */
	private static final Duration TIMEOUT = Duration.ofSeconds(4);

	private static final int ATTEMPTS = 20;

	private final S3Objects objects;

	private final String key;

	private final LongSupplier token;

	private final RangeLock turn = new RangeLock();

	private List<Edit> waiting = new ArrayList<>();

	private volatile S3Index index = S3Index.empty();

	// the following are for the work in turn alone

	private @Nullable String tag;

	private volatile boolean known;

	/**
	 * Creates a segment, of which nothing is known.
	 * @param token returns the latest token of this server
	 */
	S3Segment(S3Objects objects, long number, LongSupplier token) {
		this.objects = objects;
		this.key = key(number);
		this.token = token;
	}

	static String key(long number) {
		return "index/" + number;
	}

	/** Returns the latest index that is certainly stored. */
	S3Index index() {
		return this.index;
	}

	/**
	 * Makes sure that what anybody has begun to write with an earlier token cannot take
	 * effect any more, unless that is certain.
	 */
	Mono<Void> fence() {
		return this.turn.exclusive(0, 1, () -> this.known ? Mono.empty()
				: Mono.defer(this::fenceNow).repeatWhenEmpty(ATTEMPTS, (again) -> again).then());
	}

	private Mono<Boolean> fenceNow() {
		long mine = this.token.getAsLong();
		return this.objects.get(this.key)
			.map((stored) -> new Found(S3Index.decode(stored.data()), stored.tag()))
			.defaultIfEmpty(new Found(S3Index.empty(), null))
			.flatMap((found) -> {
				if (found.index().token() > mine) {
					return Mono.error(new FencedException("it is served by another server"));
				}
				S3Index next = new S3Index(mine, UUID.randomUUID(), names(found));
				return this.objects.replace(this.key, found.tag(), next.encode()).map((written) -> {
					stored(next, written);
					return true;
				});
			})
			.timeout(TIMEOUT);
	}

	/**
	 * Returns what counts. An index that this server has written and somebody has deleted
	 * is not one that never was: it is written again as it was, since the objects that it
	 * names may still be there.
	 */
	private long[] names(Found found) {
		if (found.tag() != null || this.tag == null) {
			return found.index().names();
		}
		logger.warn("The object {} was deleted by somebody else; it is written again as it was last", this.key);
		return this.index.names();
	}

	private void stored(S3Index next, String written) {
		this.index = next;
		this.tag = written;
		this.known = true;
	}

	/**
	 * Gives a chunk another object, or none.
	 * @param used the token to do so with
	 * @param chunk the number of the chunk
	 * @param nameToken the token in the name of the object, 0 for none
	 * @param nameNumber the number in its name
	 * @param refused what to do if it is certain that no index has been, or will be,
	 * written that names the object
	 * @return completes when the index is stored
	 */
	Mono<Void> change(long used, long chunk, long nameToken, long nameNumber, Runnable refused) {
		return Mono.defer(() -> {
			Edit edit = new Edit(used, 2 * (int) (chunk % S3Index.CHUNKS), nameToken, nameNumber, refused,
					Sinks.empty());
			synchronized (this) {
				this.waiting.add(edit);
			}
			Mono<Void> result = edit.result().asMono();
			// whoever had the turn before may have stored it, and this turn be for others
			return Mono.firstWithSignal(result, this.turn.exclusive(0, 1, this::storeBatch).then(result));
		});
	}

	private synchronized List<Edit> takeBatch() {
		List<Edit> batch = this.waiting;
		this.waiting = new ArrayList<>();
		return batch;
	}

	/** Never fails. */
	private Mono<Void> storeBatch() {
		long mine = this.token.getAsLong();
		List<Edit> batch = new ArrayList<>();
		for (Edit edit : takeBatch()) {
			if (edit.token() != mine) {
				edit.refuse(new FencedException("its token is not the latest"));
			}
			else if (!this.known) {
				edit.refuse(new IOException("an earlier change of the index may still take effect"));
			}
			else {
				batch.add(edit);
			}
		}
		return batch.isEmpty() ? Mono.empty() : store(mine, batch);
	}

	private Mono<Void> store(long mine, List<Edit> batch) {
		long[] names = this.index.names().clone();
		batch.forEach((edit) -> {
			names[edit.at()] = edit.nameToken();
			names[edit.at() + 1] = edit.nameNumber();
		});
		S3Index next = new S3Index(mine, UUID.randomUUID(), names);
		return this.objects.replace(this.key, this.tag, next.encode())
			.switchIfEmpty(Mono.defer(() -> refused(next)))
			.timeout(TIMEOUT)
			.doOnNext((written) -> {
				stored(next, written);
				batch.forEach((edit) -> edit.result().tryEmitEmpty());
			})
			.onErrorResume((failure) -> {
				this.known = false;
				batch.forEach((edit) -> edit.result().tryEmitError(failure));
				return Mono.empty();
			})
			.then();
	}

	/** The client may have tried twice, and been refused the second time. */
	private Mono<String> refused(S3Index mine) {
		return this.objects.get(this.key).flatMap((stored) -> {
			S3Index found = S3Index.decode(stored.data());
			if (found.id().equals(mine.id())) {
				return Mono.just(stored.tag());
			}
			return Mono.error((found.token() > mine.token()) ? new FencedException("it is served by another server")
					: new IOException("the index has been changed by an earlier request"));
		}).switchIfEmpty(Mono.error(() -> new IOException("the object " + this.key + " was deleted by somebody else")));
	}

	private record Found(S3Index index, @Nullable String tag) {

	}

	private record Edit(long token, int at, long nameToken, long nameNumber, Runnable refused,
			Sinks.Empty<Void> result) {

		void refuse(IOException why) {
			this.refused.run();
			this.result.tryEmitError(why);
		}

	}

}
