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
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The objects of a volume, which have a prefix in common.
 */
final class S3Objects {

	private static final int PRECONDITION_FAILED = 412;

	private static final int CONFLICT = 409;

	private final S3AsyncClient client;

	private final String bucket;

	private final String prefix;

	S3Objects(S3AsyncClient client, String bucket, String prefix) {
		this.client = client;
		this.bucket = bucket;
		this.prefix = prefix;
	}

	/** Returns an object, empty if it is not there. */
	Mono<Stored> get(String key) {
		return get(key, (request) -> {
		});
	}

	/** Returns a part of an object, empty if the object is not there. */
	Mono<ByteBuffer> get(String key, int offset, int length) {
		return get(key, (request) -> request.range("bytes=" + offset + "-" + (offset + length - 1))).map(Stored::data);
	}

	private Mono<Stored> get(String key, Consumer<GetObjectRequest.Builder> more) {
		return Mono.fromFuture(() -> this.client.getObject((request) -> {
			request.bucket(this.bucket).key(this.prefix + key);
			more.accept(request);
		}, AsyncResponseTransformer.toBytes()))
			.map((answer) -> new Stored(ByteBuffer.wrap(answer.asByteArrayUnsafe()), answer.response().eTag()))
			.onErrorResume(NoSuchKeyException.class, (failure) -> Mono.empty());
	}

	/** Stores an object under a key that nobody else uses. */
	Mono<Void> put(String key, ByteBuffer data) {
		return put(key, data, (request) -> {
		}).then();
	}

	/**
	 * Stores an object if it is what it was.
	 * @param tag the ETag that it had, {@code null} if it was not there
	 * @return the new ETag, empty if it is another one by now
	 */
	Mono<String> replace(String key, @Nullable String tag, ByteBuffer data) {
		return put(key, data, (request) -> {
			if (tag != null) {
				request.ifMatch(tag);
			}
			else {
				request.ifNoneMatch("*");
			}
		}).onErrorResume(S3Exception.class, (failure) -> isConflict(failure) ? Mono.empty() : Mono.error(failure));
	}

	private static boolean isConflict(S3Exception failure) {
		// an If-Match for an object that is not there is answered by 404
		return failure.statusCode() == PRECONDITION_FAILED || failure.statusCode() == CONFLICT
				|| failure instanceof NoSuchKeyException;
	}

	private Mono<String> put(String key, ByteBuffer data, Consumer<PutObjectRequest.Builder> more) {
		return Mono.fromFuture(() -> this.client.putObject((request) -> {
			request.bucket(this.bucket).key(this.prefix + key);
			more.accept(request);
		}, AsyncRequestBody.fromRemainingByteBuffer(data.duplicate()))).map((answer) -> String.valueOf(answer.eTag()));
	}

	Mono<Void> delete(String key) {
		return Mono
			.fromFuture(() -> this.client.deleteObject((request) -> request.bucket(this.bucket).key(this.prefix + key)))
			.then();
	}

	/**
	 * An object.
	 *
	 * @param data its content
	 * @param tag its ETag
	 */
	record Stored(ByteBuffer data, String tag) {

	}

}
