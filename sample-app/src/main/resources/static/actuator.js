/** Returns what an endpoint shows, undefined if there is none or it does not answer. */
export async function read(address) {
  const response = await fetch(`actuator/${address}`, { headers: { "Accept": "application/json" } }).catch(() => undefined);
  return response?.ok ? response.json() : undefined;
}

/** Asks an endpoint for a change, and returns what it answers; an error says why it did not. */
export async function change(address, body) {
  let response;
  try {
    response = await fetch(`actuator/${address}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept": "application/json" },
      body: JSON.stringify(body),
    });
  }
  catch {
    throw new Error("the application does not answer");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.error ?? answer.message ?? `status ${response.status}`);
  }
  return answer;
}
