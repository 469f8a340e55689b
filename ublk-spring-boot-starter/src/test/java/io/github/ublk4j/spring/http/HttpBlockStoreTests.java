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
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.test.BlockDeviceContract;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.store.StoreUnavailableException;
import io.netty.buffer.Unpooled;
import io.netty.handler.timeout.ReadTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * A disk on a web server of this process.
 */
class HttpBlockStoreTests extends BlockDeviceContract {

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private static final int SIZE = 4 << 20;

	private final byte[] content = bytes(1, SIZE);

	private final ImageServer server = new ImageServer(this.content);

	private @Nullable BlockDeviceTestClient client;

	@Override
	protected BlockDeviceTestClient client() {
		if (this.client == null) {
			this.client = BlockDeviceTestClient.of(DiskSpec.named("image").size(SIZE).readOnly(true).build(), open());
		}
		return this.client;
	}

	private static byte[] bytes(int seed, int length) {
		byte[] bytes = new byte[length];
		new Random(seed).nextBytes(bytes);
		return bytes;
	}

	@AfterEach
	void closeServer() {
		if (this.client != null) {
			this.client.close();
		}
		this.server.close();
	}

	private HttpBlockStore open() {
		return open(builder(this.server.address()));
	}

	private static HttpBlockStore.Builder builder(String address) {
		return HttpBlockStore.at(WebClient.create(), address).firstPause(Duration.ofMillis(1));
	}

	private static HttpBlockStore open(HttpBlockStore.Builder builder) {
		return Objects.requireNonNull(builder.open().block(TIMEOUT));
	}

	private static byte[] read(HttpBlockStore store, long offset, int length) {
		ByteBuffer destination = ByteBuffer.allocate(length);
		store.read(offset, destination).block(TIMEOUT);
		return destination.array();
	}

	private static Throwable failure(HttpBlockStore store, ByteBuffer destination) {
		return Exceptions.unwrap(catchThrowable(() -> store.read(512, destination).block(TIMEOUT)));
	}

	private Throwable failure(HttpBlockStore store) {
		ByteBuffer destination = ByteBuffer.allocate(1024);
		Throwable failure = failure(store, destination);
		assertThat(destination.array()).as("untouched").containsOnly(0);
		return failure;
	}

	private byte[] content(int offset, int length) {
		return Arrays.copyOfRange(this.content, offset, offset + length);
	}

	@Test
	void sizeIsThatOfTheImageAndReadsAreItsBytes() {
		HttpBlockStore store = open();
		assertThat(store.size()).isEqualTo(SIZE);
		assertThat(read(store, 0, 512)).isEqualTo(content(0, 512));
		assertThat(read(store, SIZE - 1000, 1000)).isEqualTo(content(SIZE - 1000, 1000));
		assertThat(read(store, 4096, 2 << 20)).isEqualTo(content(4096, 2 << 20));
		assertThat(read(store, SIZE, 0)).isEmpty();
	}

	@Test
	void everyRequestAsksForTheVersionThatWasOpened() {
		read(open(), 512, 1024);
		assertThat(this.server.requests()).containsExactly("GET bytes=0-0 -", "GET bytes=512-1535 \"v1\"");
	}

	@Test
	void imageWithoutStrongTagIsTakenByItsDate() {
		this.server.replace(this.content, "W/\"v1\"", "Wed, 25 Nov 2026 10:00:00 GMT");
		HttpBlockStore store = open();
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));
		assertThat(this.server.requests()).last().isEqualTo("GET bytes=512-1535 Wed, 25 Nov 2026 10:00:00 GMT");

		this.server.replace(bytes(2, SIZE), "W/\"v1\"", "Wed, 25 Nov 2026 10:00:01 GMT");
		assertThat(failure(store)).hasMessageContaining("has changed");
	}

	@Test
	void imageThatNothingTellsFromAnotherIsRefused() {
		this.server.replace(this.content, "W/\"v1\"", null);
		refused("sends neither a strong ETag nor Last-Modified");
	}

	private void refused(String why) {
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(this::open)
			.withMessageContaining("The image " + this.server.address() + " cannot be served: ")
			.withMessageContaining(why);
	}

	@Test
	void serverWithoutRangesIsRefused() {
		this.server.giveNoRanges();
		refused("it answers 200 with the whole image, not 206");
	}

	@Test
	void serverThatDoesNotSayTheSizeIsRefused() {
		this.server.next((request, response) -> response.status(206)
			.header("ETag", "\"v1\"")
			.header("Content-Range", "bytes 0-0/*")
			.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[1]))));
		refused("does not say how large it is: it answers with the range bytes 0-0/* ");
	}

	@Test
	void imageThatIsNotThereIsRefusedAtOnce() {
		this.server.next(404);
		refused("its server answers 404");
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void redirectionThatIsNotFollowedSaysSo() {
		this.server.next(302);
		refused("302, a redirection");
	}

	@Test
	void changedImageIsNeverMixedWithTheOneThatWasOpened() {
		HttpBlockStore store = open();
		this.server.replace(bytes(2, SIZE), "\"v2\"", null);
		assertThat(failure(store))
			.isInstanceOfSatisfying(BlockIoException.class,
					(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.EIO))
			.hasMessage("The image " + this.server.address() + " has changed: its server answers 412. "
					+ "All reads fail until the disk is started again");
		int asked = this.server.requests().size();

		this.server.replace(this.content, "\"v1\"", null);
		assertThat(failure(store)).as("a file system may have seen both").hasMessageContaining("has changed");
		assertThat(this.server.requests()).hasSize(asked);
		assertThat(read(open(), 0, 512)).isEqualTo(content(0, 512));
	}

	@Test
	void changeIsSeenWhereTheServerIgnoresConditions() {
		this.server.ignoreConditions();
		HttpBlockStore store = open();
		this.server.replace(bytes(2, SIZE), "\"v2\"", null);
		assertThat(failure(store))
			.hasMessageContaining("has changed: it was opened as ETag \"v1\", and is now [\"v2\"]");
	}

	@Test
	void imageThatHasBecomeShorterHasChanged() {
		this.server.ignoreConditions();
		HttpBlockStore store = open();
		this.server.replace(bytes(1, 512), "\"v1\"", null);
		assertThat(failure(store)).hasMessageContaining("has changed: its server answers 416");
	}

	@Test
	void rangeOfAnImageOfAnotherSizeIsRefused() {
		HttpBlockStore store = open();
		this.server.replace(Arrays.copyOf(this.content, 2048), "\"v1\"", null);
		assertThat(failure(store))
			.hasMessageContaining("the range bytes 512-1535/2048 instead of bytes 512-1535/4194304");
	}

	@Test
	void serverThatIsBusyIsAskedAgain() {
		HttpBlockStore store = open();
		this.server.next(503);
		this.server.next(429);
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));
	}

	@Test
	void serverThatStaysBusyFailsTheRead() {
		HttpBlockStore store = open(builder(this.server.address()).retries(2));
		IntStream.range(0, 3).forEach((i) -> this.server.next(503));
		assertThat(failure(store)).hasMessage(
				"READ of 1024 bytes at offset 512 of " + this.server.address() + " failed: its server answers 503");
		assertThat(read(store, 512, 1024)).as("the next one").isEqualTo(content(512, 1024));
	}

	@Test
	void shortBodyIsAskedForAgain() {
		HttpBlockStore store = open();
		truncateNext();
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));
	}

	@Test
	void shortBodyLeavesNothingInTheBuffer() {
		HttpBlockStore store = open(builder(this.server.address()).retries(0));
		truncateNext();
		assertThat(failure(store)).hasMessageContaining("its server answers with 100 bytes instead of 1024");
	}

	private void truncateNext() {
		this.server.next((request, response) -> response.status(206)
			.header("ETag", "\"v1\"")
			.header("Content-Range", "bytes 512-1535/" + SIZE)
			.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[100]))));
	}

	@Test
	void connectionThatBreaksInABodyIsAnotherAttempt() {
		HttpBlockStore store = open();
		this.server.next((request, response) -> response.status(206)
			.header("ETag", "\"v1\"")
			.header("Content-Range", "bytes 512-1535/" + SIZE)
			.header("Content-Length", "1024")
			.send(Flux.just(Unpooled.wrappedBuffer(new byte[100]))
				.concatWith(Mono.error(new IllegalStateException()))));
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));
	}

	/** As Netty's read timeout does, which is neither an I/O error nor Spring's. */
	@Test
	void failureOfTheClientIsAnotherAttempt() {
		AtomicInteger failures = new AtomicInteger(1);
		WebClient failing = WebClient.builder()
			.filter((request, next) -> (failures.getAndDecrement() > 0) ? Mono.error(ReadTimeoutException.INSTANCE)
					: next.exchange(request))
			.build();
		HttpBlockStore store = open(
				HttpBlockStore.at(failing, this.server.address()).retries(1).firstPause(Duration.ofMillis(1)));
		failures.set(1);
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));
		failures.set(2);
		assertThat(failure(store)).hasMessageContaining("the connection failed: ReadTimeoutException");
		failures.set(2);
		assertThatExceptionOfType(StoreUnavailableException.class)
			.isThrownBy(() -> open(
					HttpBlockStore.at(failing, this.server.address()).retries(1).firstPause(Duration.ofMillis(1))))
			.withMessageContaining("cannot be served: the connection failed: ");
	}

	@Test
	void longBodyIsRefused() {
		HttpBlockStore store = open();
		this.server.next((request, response) -> response.status(206)
			.header("ETag", "\"v1\"")
			.header("Content-Range", "bytes 512-1535/" + SIZE)
			.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[4096]))));
		assertThat(failure(store)).hasMessageContaining("more than 1024 bytes");
	}

	@Test
	void encodedRangeIsRefused() {
		HttpBlockStore store = open();
		this.server.next((request, response) -> response.status(206)
			.header("ETag", "\"v1\"")
			.header("Content-Encoding", "br")
			.header("Content-Range", "bytes 512-1535/" + SIZE)
			.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(new byte[1024]))));
		assertThat(failure(store)).hasMessageContaining("encodes ranges");
	}

	@Test
	void serverThatDoesNotAnswerIsGivenUp() {
		HttpBlockStore store = open(builder(this.server.address()).timeout(Duration.ofMillis(300)).retries(1));
		this.server.next((request, response) -> Mono.never());
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));

		this.server.next((request, response) -> Mono.never());
		this.server.next((request, response) -> Mono.never());
		assertThat(failure(store))
			.isInstanceOfSatisfying(BlockIoException.class,
					(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.ETIMEDOUT))
			.hasMessageContaining("has not answered within 300 ms");
	}

	@Test
	void secretsOfTheAddressAreSentAndNotShown() {
		this.server.require("Basic dXNlcjpwQDpzcw==");
		String address = "http://user:p%40:ss@127.0.0.1:" + this.server.port() + "/disk.img?signature=secret";
		HttpBlockStore store = open(builder(address));
		assertThat(read(store, 512, 1024)).isEqualTo(content(512, 1024));

		this.server.next(403);
		assertThat(failure(store)).hasMessageContaining(this.server.address() + "?... failed: its server answers 403")
			.hasMessageNotContainingAny("user", "p%40", "secret");
		this.server.next(403);
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> open(builder(address)))
			.satisfies((failure) -> assertThat(failure).hasMessageNotContainingAny("user", "p%40", "secret"));
		assertThat(store.toString()).isEqualTo("image " + this.server.address() + "?...");
	}

	@Test
	void addressThatIsNoneIsRefusedWithoutShowingIt() {
		for (String address : new String[] { "http://user:pass word@host/", "http:disk.img",
				"ftp://user:pass@host/x" }) {
			assertThatIllegalArgumentException().isThrownBy(() -> builder(address))
				.withMessageContaining("the address ")
				.satisfies((failure) -> assertThat(failure).hasMessageNotContaining("pass").hasNoCause());
		}
	}

	@Test
	void writeIsRefused() {
		HttpBlockStore store = open();
		assertThat(Exceptions.unwrap(catchThrowable(() -> store.write(0, ByteBuffer.allocate(512)).block(TIMEOUT))))
			.isInstanceOfSatisfying(BlockIoException.class,
					(failure) -> assertThat(failure.errno()).isEqualTo(BlockErrno.EOPNOTSUPP));
	}

	@Test
	void closedStoreAndRangeOutsideFail() {
		HttpBlockStore store = open();
		assertThat(Exceptions.unwrap(catchThrowable(() -> read(store, SIZE - 512, 1024))))
			.hasMessageContaining("not inside the store");
		store.close();
		assertThat(failure(store)).hasMessageContaining("is closed");
	}

}
