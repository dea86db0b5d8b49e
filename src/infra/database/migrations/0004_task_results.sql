ALTER TABLE "tasks" ADD COLUMN "result_of" integer;--> statement-breakpoint
UPDATE "tasks" SET "result_of" = (
	SELECT "id" FROM "subtasks"
	WHERE "task_id" = "tasks"."id" AND "role" = 'ASSISTANT' AND "subtasks"."result" IS NOT NULL
	ORDER BY "message_id" DESC LIMIT 1
) WHERE "result" IS NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" DROP COLUMN "result";
