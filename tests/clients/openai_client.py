"""Tests a Cloze server with OpenAI's own Python client."""

import sys

from openai import AuthenticationError, BadRequestError, OpenAI


def main():
    address, key = sys.argv[1:]
    client = OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)
    texts = ["how do I keep the index fresh", "an index that stays up to date", "the price of tea"]
    # By default the client requests base64 and decodes it.
    packed = client.embeddings.create(model="all-MiniLM-L6-v2", input=texts)
    plain = client.embeddings.create(model="all-MiniLM-L6-v2", input=texts, encoding_format="float")
    a, b, c = (item.embedding for item in packed.data)
    assert [item.index for item in packed.data] == [0, 1, 2] and len(a) == 384, packed
    assert all(abs(x - y) < 1e-6 for x, y in zip(a, plain.data[0].embedding)), "the two formats give different vectors"
    dot = lambda x, y: sum(p * q for p, q in zip(x, y))
    assert abs(dot(a, a) - 1) < 1e-5 and dot(a, b) > dot(a, c) + 0.2, (dot(a, b), dot(a, c))
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 15, packed.usage
    assert client.embeddings.create(model="any", input="one text").data[0].index == 0
    for wrong, error in [(dict(input=[]), BadRequestError), (dict(input="x " * 2000), BadRequestError)]:
        try:
            client.embeddings.create(model="any", **wrong)
            raise AssertionError(f"{wrong} was accepted")
        except error as refused:
            assert refused.body["code"], refused.body
    try:
        OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0).embeddings.create(model="any", input="x")
        raise AssertionError("a wrong key was accepted")
    except (AuthenticationError, Exception) as refused:
        assert getattr(refused, "status_code", None) in (401, 403), refused
    print("OpenAI's client works: vectors in both formats, usage, errors")


if __name__ == "__main__":
    main()
