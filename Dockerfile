FROM python:3.14-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt
COPY . .
# The settings want to be complete even for collecting files; nothing of this stays in the image.
RUN SECRET_KEY=$(head -c 60 /dev/urandom | base64 -w0) \
    DATABASE_URL=postgresql://none REDIS_URL=redis://none EMAIL_URL=consolemail:// PUBLIC_URL=https://none \
    python manage.py collectstatic --no-input
# The loops of the rules, compiled here once instead of in each container.
RUN python -c "from engine import arrays; arrays.warm(); arrays.warm_lists()"
RUN useradd --system --no-create-home switchyard
USER switchyard
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000"]
