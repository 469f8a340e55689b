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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A segment whose puts are answered by the test.
 */
class S3SegmentTests {

	private final Deque<CompletableFuture<PutObjectResponse>> puts = new ArrayDeque<>();

	private final S3Segment segment = new S3Segment(new S3Objects(new HeldClient(), "bucket", "volume/"), 0, () -> 1);

	/**
	 * A change may be stored in the turn of an earlier one, and its own turn be for later
	 * ones.
	 */
	@Test
	void changeEndsWhenItIsStoredWhateverIsStoredNext() {
		CompletableFuture<Void> fenced = this.segment.fence().toFuture();
		answer();
		assertThat(fenced).isCompleted();

		CompletableFuture<Void> first = change(1);
		CompletableFuture<Void> second = change(2);
		CompletableFuture<Void> third = change(3);
		answer();
		assertThat(first).isCompleted();
		assertThat(second).isNotDone();
		assertThat(third).isNotDone();

		CompletableFuture<Void> fourth = change(4);
		answer();
		assertThat(second).isCompleted();
		assertThat(third).isCompleted();
		assertThat(fourth).isNotDone();

		answer();
		assertThat(fourth).isCompleted();
		assertThat(this.puts).isEmpty();
	}

	@Test
	void changeOfAnIndexThatWasDeletedFailsAndTheNextTokenWritesItAgain() {
		CompletableFuture<Void> fenced = this.segment.fence().toFuture();
		answer();
		assertThat(fenced).isCompleted();
		CompletableFuture<Void> stored = change(1);
		answer();
		assertThat(stored).isCompleted();

		CompletableFuture<Void> failed = change(2);
		this.puts.remove().completeExceptionally(NoSuchKeyException.builder().statusCode(404).build());
		assertThat(failed).failsWithin(Duration.ofSeconds(20))
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(IOException.class)
			.withMessage("the object index/0 was deleted by somebody else");

		fenced = this.segment.fence().toFuture();
		answer();
		assertThat(fenced).isCompleted();
		assertThat(this.segment.index().name(1)).isEqualTo(S3Index.name(1, 1, 1));
		assertThat(this.segment.index().name(2)).isNull();
		CompletableFuture<Void> next = change(2);
		answer();
		assertThat(next).isCompleted();
	}

	private CompletableFuture<Void> change(long chunk) {
		return this.segment.change(1, chunk, 1, chunk, () -> {
		}).toFuture();
	}

	private void answer() {
		this.puts.remove().complete(PutObjectResponse.builder().eTag("tag").build());
	}

	/**
	 * Of a bucket in which nothing is found.
	 */
	private final class HeldClient implements S3AsyncClient {

		@Override
		public <T> CompletableFuture<T> getObject(GetObjectRequest request,
				AsyncResponseTransformer<GetObjectResponse, T> transformer) {
			return CompletableFuture.failedFuture(NoSuchKeyException.builder().build());
		}

		@Override
		public CompletableFuture<PutObjectResponse> putObject(PutObjectRequest request, AsyncRequestBody body) {
			CompletableFuture<PutObjectResponse> put = new CompletableFuture<>();
			S3SegmentTests.this.puts.add(put);
			return put;
		}

		@Override
		public String serviceName() {
			return SERVICE_NAME;
		}

		@Override
		public void close() {
		}

	}

}
