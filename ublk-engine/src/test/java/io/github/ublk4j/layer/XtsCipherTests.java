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

package io.github.ublk4j.layer;

import java.util.Arrays;
import java.util.HexFormat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The vectors of IEEE 1619, annex B.
 */
class XtsCipherTests {

	private static final HexFormat HEX = HexFormat.of();

	@ParameterizedTest(name = "vector {0}")
	@CsvSource({
			"1, 0000000000000000000000000000000000000000000000000000000000000000, 0, "
					+ "0000000000000000000000000000000000000000000000000000000000000000, "
					+ "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e",
			"2, 1111111111111111111111111111111122222222222222222222222222222222, 219902325555, "
					+ "4444444444444444444444444444444444444444444444444444444444444444, "
					+ "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
			"3, fffefdfcfbfaf9f8f7f6f5f4f3f2f1f022222222222222222222222222222222, 219902325555, "
					+ "4444444444444444444444444444444444444444444444444444444444444444, "
					+ "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89" })
	void unitOfTwoBlocks(int vector, String key, long number, String plain, String cipher) {
		XtsCipher xts = new XtsCipher(HEX.parseHex(key), 32);
		byte[] data = HEX.parseHex(plain);
		xts.encrypt(number, data, 0);
		assertThat(HEX.formatHex(data)).as("vector %d", vector).isEqualTo(cipher);
		xts.decrypt(number, data, 0);
		assertThat(HEX.formatHex(data)).isEqualTo(plain);
	}

	@ParameterizedTest(name = "vector {0}")
	@CsvSource({ "4, 27182818284590452353602874713526, 31415926535897932384626433832795, 0, "
			+ "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c, " + "0a282df920147beabe421ee5319d0568",
			"10, 2718281828459045235360287471352662497757247093699959574966967627, "
					+ "3141592653589793238462643383279502884197169399375105820974944592, 255, "
					+ "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b, " + "b9c6e693e148c151" })
	void sectorOf512Bytes(int vector, String dataKey, String tweakKey, long number, String begin, String end) {
		XtsCipher xts = new XtsCipher(HEX.parseHex(dataKey + tweakKey), 512);
		byte[] data = new byte[512];
		for (int i = 0; i < data.length; i++) {
			data[i] = (byte) i;
		}
		byte[] plain = data.clone();
		xts.encrypt(number, data, 0);
		assertThat(HEX.formatHex(data)).as("vector %d", vector).startsWith(begin).endsWith(end);
		xts.decrypt(number, data, 0);
		assertThat(data).isEqualTo(plain);
	}

	@Test
	void onlyTheUnitIsTouched() {
		byte[] key = new byte[32];
		key[0] = 1;
		XtsCipher xts = new XtsCipher(key, 32);
		byte[] data = new byte[96];
		xts.encrypt(7, data, 32);
		assertThat(Arrays.copyOf(data, 32)).containsOnly(0);
		assertThat(Arrays.copyOfRange(data, 64, 96)).containsOnly(0);
	}

}
