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

package io.github.ublk4j.block;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BlockIoException} and {@link BlockErrno}.
 */
class BlockIoExceptionTests {

	@ParameterizedTest
	@EnumSource
	void blockIoExceptionSaysItself(BlockErrno errno) {
		assertThat(BlockIoException.errnoOf(new BlockIoException(errno, "broken"))).isEqualTo(errno);
	}

	@ParameterizedTest
	@MethodSource
	void everyOtherFailureHasItsErrno(Throwable failure, BlockErrno errno) {
		assertThat(BlockIoException.errnoOf(failure)).isEqualTo(errno);
	}

	static Stream<Arguments> everyOtherFailureHasItsErrno() {
		return Stream.of(Arguments.of(new TimeoutException(), BlockErrno.ETIMEDOUT),
				Arguments.of(new OutOfMemoryError(), BlockErrno.ENOMEM),
				Arguments.of(new UnsupportedOperationException(), BlockErrno.EOPNOTSUPP),
				Arguments.of(new IOException(), BlockErrno.EIO),
				Arguments.of(new FileNotFoundException(), BlockErrno.EIO),
				Arguments.of(new IllegalStateException(), BlockErrno.EIO),
				Arguments.of(new NullPointerException(), BlockErrno.EIO),
				Arguments.of(new StackOverflowError(), BlockErrno.EIO),
				Arguments.of(new CompletionException(new IOException()), BlockErrno.EIO));
	}

	@Test
	void subclassSaysItselfToo() {
		BlockIoException failure = new BlockIoException(BlockErrno.ENOLINK, "down") {

			private static final long serialVersionUID = 1L;

		};

		assertThat(BlockIoException.errnoOf(failure)).isEqualTo(BlockErrno.ENOLINK);
	}

	@Test
	void messageAndCauseAreKept() {
		IOException cause = new IOException("cause");

		assertThat(new BlockIoException(BlockErrno.EIO, "broken", cause)).hasMessage("broken").hasCause(cause);
		assertThat(new BlockIoException(BlockErrno.EIO, "broken")).hasMessage("broken").hasNoCause();
	}

	@ParameterizedTest
	@CsvSource({ "EIO,5", "ENOMEM,12", "EINVAL,22", "ENOSPC,28", "ENODATA,61", "ENOLINK,67", "EILSEQ,84",
			"EOPNOTSUPP,95", "ETIMEDOUT,110", "EREMOTEIO,121" })
	void numbersAreThoseOfTheKernel(BlockErrno errno, int number) {
		assertThat(errno.number()).isEqualTo(number);
	}

	@Test
	void everyErrnoIsInTheTableAbove() {
		assertThat(BlockErrno.values()).hasSize(10);
	}

}
