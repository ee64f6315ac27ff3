"""JSON answers. An error says what to do; nothing is cached on the way, since every answer is of this moment."""

import json
from typing import Any

import azure.functions as func


def answer(value: dict[str, Any], status: int = 200) -> func.HttpResponse:
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers={"Cache-Control": "no-store"})


def error(message: str, status: int) -> func.HttpResponse:
    return answer({"error": message}, status)
